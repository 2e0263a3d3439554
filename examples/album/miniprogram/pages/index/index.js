// @ts-check
const api = require('../../api/index')
const { describe, toast } = require('../../failure')

/** @typedef {import('../../api/index').Photo} Photo */
/** @typedef {{ currentTarget: { dataset: { id?: string, original?: boolean } } }} TapEvent */

Page({
  data: {
    state: 'loading', // loading | ready | failed
    failure: '',
    /** @type {Photo[]} */
    photos: [],
    /** @type {string | null} */
    next: null,
    loadingMore: false,
    /** @type {{ percent: number, original: boolean } | null} */
    upload: null,
  },

  /** @type {import('../../api/index').Call<Photo> | null} */
  uploading: null,
  choosing: false,

  onLoad() {
    this.refresh()
  },

  onUnload() {
    if (this.uploading) this.uploading.abort()
  },

  async onPullDownRefresh() {
    await this.refresh()
    wx.stopPullDownRefresh()
  },

  onReachBottom() {
    if (this.data.next && !this.data.loadingMore) this.loadMore(this.data.next)
  },

  onRetry() {
    this.setData({ state: 'loading' })
    this.refresh()
  },

  async refresh() {
    try {
      const page = await api.listPhotos()
      this.setData({ state: 'ready', photos: page.items, next: page.next })
    } catch (e) {
      if (this.data.state === 'ready') toast(describe(e))
      else this.setData({ state: 'failed', failure: describe(e) })
    }
  },

  /** @param {string} cursor */
  async loadMore(cursor) {
    this.setData({ loadingMore: true })
    try {
      const page = await api.listPhotos({ cursor })
      this.setData({ photos: this.data.photos.concat(page.items), next: page.next })
    } catch (e) {
      toast(describe(e))
    } finally {
      this.setData({ loadingMore: false })
    }
  },

  /** @param {TapEvent} event */
  async onAdd(event) {
    const original = Boolean(event.currentTarget.dataset.original)
    if (this.choosing || this.uploading) return
    this.choosing = true
    const file = await choose(original)
    this.choosing = false
    if (file) await this.upload(file, original)
  },

  /** Through the server or past it: one call, with the same progress and the same end. @param {string} file @param {boolean} original */
  async upload(file, original) {
    const onProgress = (/** @type {{ progress: number }} */ { progress }) => {
      if (this.uploading) this.setData({ upload: { percent: progress, original } })
    }
    this.setData({ upload: { percent: 0, original } })
    this.uploading = original ? api.addOriginal({ file }, { onProgress }) : api.addPhoto({ file }, { onProgress })
    try {
      const photo = await this.uploading
      this.setData({ state: 'ready', photos: [photo].concat(this.data.photos) })
    } catch (e) {
      if (!(e instanceof api.ApiError && e.code === 'abort')) toast(describe(e))
    } finally {
      this.uploading = null
      this.setData({ upload: null })
    }
  },

  onCancel() {
    if (this.uploading) this.uploading.abort()
  },

  /** @param {TapEvent} event */
  onView(event) {
    const photo = this.data.photos.find((photo) => photo.id === event.currentTarget.dataset.id)
    if (photo) wx.previewImage({ urls: this.data.photos.map((one) => one.picture.url), current: photo.picture.url })
  },

  /** @param {TapEvent} event */
  onComments(event) {
    wx.navigateTo({ url: '/pages/comments/comments?id=' + event.currentTarget.dataset.id })
  },

  /** @param {TapEvent} event */
  async onDelete(event) {
    const id = String(event.currentTarget.dataset.id)
    const answer = await wx.showModal({ title: '删除这张照片？', content: '删除后无法恢复', confirmText: '删除', confirmColor: '#b3261e' })
    if (!answer.confirm) return
    try {
      await api.deletePhoto({ id })
      this.drop(id)
    } catch (e) {
      if (api.deletePhoto.failed(e) && e.code === 'photo.not_found') this.drop(id)
      else toast(describe(e))
    }
  },

  /** URLs of private pictures end: new ones come with the list. */
  onExpired() {
    if (this.data.state === 'ready') this.refresh()
  },

  /** @param {string} id */
  drop(id) {
    this.setData({ photos: this.data.photos.filter((photo) => photo.id !== id) })
  },
})

/** The path of the photo that the user chooses; nothing if none. @param {boolean} original */
async function choose(original) {
  try {
    const { tempFiles } = await wx.chooseMedia({ count: 1, mediaType: ['image'], sizeType: [original ? 'original' : 'compressed'] })
    return tempFiles[0] && tempFiles[0].tempFilePath
  } catch (cancelled) {
    return undefined
  }
}
