// @ts-check
const api = require('../../api/index')
const { describe, toast } = require('../../failure')

/** Words for the fields that the server refuses. @type {Record<string, string>} */
const REFUSED = {
  '/title': '标题要有 1 到 100 个字',
  '/note': '备注最多 1000 个字',
}

Page({
  data: {
    id: '',
    title: '',
    note: '',
    state: 'ready', // loading | ready | failed
    saving: false,
    failure: '',
    titleProblem: '',
    noteProblem: '',
  },

  closed: false,

  /** @param {{ id?: string }} query */
  onLoad(query) {
    if (!query.id) return
    wx.setNavigationBarTitle({ title: '编辑待办' })
    this.setData({ id: query.id })
    this.load()
  },

  onUnload() {
    this.closed = true
  },

  async load() {
    const id = this.data.id
    this.setData({ state: 'loading' })
    try {
      const todo = await api.getTodo({ id })
      this.setData({ state: 'ready', title: todo.title, note: todo.note || '' })
    } catch (e) {
      if (api.getTodo.failed(e) && e.code === 'todo.not_found') this.leaveGone()
      else this.setData({ state: 'failed', failure: describe(e).text })
    }
  },

  /** @param {{ detail: { value: string } }} event */
  onTitle(event) {
    this.setData({ title: event.detail.value, titleProblem: '' })
  },

  /** @param {{ detail: { value: string } }} event */
  onNote(event) {
    this.setData({ note: event.detail.value, noteProblem: '' })
  },

  async onSave() {
    if (this.data.saving) return
    this.setData({ saving: true, failure: '', titleProblem: '', noteProblem: '' })
    const id = this.data.id
    const todo = { title: this.data.title.trim(), note: this.data.note.trim() || null }
    try {
      const saved = await (id ? api.editTodo({ id }, todo) : api.addTodo(todo))
      this.tell('saved', saved)
      this.leave()
    } catch (e) {
      this.setData({ saving: false })
      if (api.editTodo.failed(e) || api.addTodo.failed(e)) switch (e.code) {
        case 'todo.not_found':
          return this.leaveGone()
        case 'todo.too_many':
          return this.setData({ failure: '最多 ' + e.details.most + ' 条待办，先删掉一些' })
        case 'validation':
          return this.showRefused(e.errors || [])
      }
      this.setData({ failure: describe(e).text })
    }
  },

  /** @param {{ pointer: string, message: string }[]} errors */
  showRefused(errors) {
    for (const error of errors) {
      const text = REFUSED[error.pointer] || error.message
      if (error.pointer === '/title') this.setData({ titleProblem: text })
      else if (error.pointer === '/note') this.setData({ noteProblem: text })
      else this.setData({ failure: text })
    }
  },

  /** The page that opened this one hears it; there is none if DevTools starts here. @param {string} event @param {unknown} value */
  tell(event, value) {
    const opener = this.getOpenerEventChannel()
    if (opener.emit) opener.emit(event, value)
  },

  /** The user may have gone back already; then another page would be closed. */
  leave() {
    if (!this.closed) wx.navigateBack()
  },

  leaveGone() {
    this.tell('gone', this.data.id)
    this.leave()
    toast('这条待办已经不在了')
  },
})
