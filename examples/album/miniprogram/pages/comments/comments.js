// @ts-check
const api = require('../../api/index')
const { describe, toast } = require('../../failure')

/** @typedef {import('../../api/index').Comment} Comment */

Page({
  data: {
    state: 'loading', // loading | ready | failed
    failure: '',
    /** @type {Comment[]} */
    comments: [],
    text: '',
    problem: '',
    sending: false,
  },

  id: '',

  /** @param {{ id?: string }} query */
  onLoad(query) {
    this.id = query.id || ''
    this.load()
  },

  async load() {
    this.setData({ state: 'loading' })
    try {
      this.setData({ state: 'ready', comments: await api.listComments({ id: this.id }) })
    } catch (e) {
      this.setData({ state: 'failed', failure: describe(e) })
    }
  },

  /** @param {{ detail: { value: string } }} event */
  onText(event) {
    this.setData({ text: event.detail.value, problem: '' })
  },

  async onSend() {
    if (this.data.sending || !this.data.text.trim()) return
    this.setData({ sending: true })
    try {
      const comment = await api.addComment({ id: this.id }, { text: this.data.text })
      this.setData({ comments: this.data.comments.concat(comment), text: '' })
    } catch (e) {
      // What content security refuses is for the writer to change; everything else for another try.
      if (api.addComment.failed(e) && e.kind === 'validation') this.setData({ problem: describe(e) })
      else toast(describe(e))
    } finally {
      this.setData({ sending: false })
    }
  },
})
