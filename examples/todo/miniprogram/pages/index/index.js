// @ts-check
const api = require('../../api/index')
const { describe, toast } = require('../../failure')

/** @typedef {import('../../api/index').Todo & { busy?: boolean }} Item */
/** @typedef {{ detail: { id: string } }} ItemEvent */

Page({
  data: {
    filters: [{ name: '全部' }, { name: '待办', done: false }, { name: '已完成', done: true }],
    filter: 0,
    state: 'loading', // loading | ready | failed
    failure: { text: '', reference: '' },
    /** @type {Item[]} */
    todos: [],
    /** @type {string | null} */
    next: null,
    loadingMore: false,
  },

  /** @type {ReturnType<typeof api.listTodos> | null} */
  listing: null,
  leaving: false,

  onLoad() {
    this.refresh()
  },

  onShow() {
    this.leaving = false
  },

  onUnload() {
    if (this.listing) this.listing.abort()
  },

  async onPullDownRefresh() {
    await this.refresh()
    wx.stopPullDownRefresh()
  },

  onReachBottom() {
    if (this.data.next && !this.data.loadingMore) this.loadMore(this.data.next)
  },

  /** @param {{ currentTarget: { dataset: { filter?: number } } }} event */
  onFilter(event) {
    const filter = Number(event.currentTarget.dataset.filter)
    if (filter === this.data.filter) return
    this.setData({ filter, state: 'loading', todos: [], next: null })
    this.refresh()
  },

  onRetry() {
    this.setData({ state: 'loading' })
    this.refresh()
  },

  async refresh() {
    try {
      const page = await this.list()
      this.setData({ state: 'ready', todos: page.items, next: page.next })
    } catch (e) {
      if (api.listTodos.failed(e) && e.code === 'abort') return
      const failure = describe(e)
      // A list that is already there is worth more than an error page.
      if (this.data.state === 'ready') toast(failure.text)
      else this.setData({ state: 'failed', failure })
    }
  },

  /** @param {string} cursor */
  async loadMore(cursor) {
    try {
      const page = await this.list(cursor)
      this.setData({ todos: this.data.todos.concat(page.items), next: page.next, loadingMore: false })
    } catch (e) {
      if (api.listTodos.failed(e) && e.code === 'abort') return
      this.setData({ loadingMore: false })
      toast(describe(e).text)
    }
  },

  /** One listing at a time: the newest one counts. @param {string} [cursor] */
  list(cursor) {
    if (this.listing) this.listing.abort()
    this.setData({ loadingMore: Boolean(cursor) })
    this.listing = api.listTodos({ cursor, done: this.data.filters[this.data.filter].done })
    return this.listing
  },

  onAdd() {
    this.open('/pages/edit/edit')
  },

  /** @param {ItemEvent} event */
  onEdit(event) {
    this.open('/pages/edit/edit?id=' + event.detail.id)
  },

  /** @param {string} url */
  open(url) {
    if (this.leaving) return
    this.leaving = true
    wx.navigateTo({
      url,
      events: {
        saved: (/** @type {Item} */ todo) => this.put(todo),
        gone: (/** @type {string} */ id) => this.drop(id),
      },
      fail: () => { this.leaving = false },
    })
  },

  /** @param {ItemEvent} event */
  async onFinish(event) {
    const id = event.detail.id
    const todo = this.data.todos.find((todo) => todo.id === id)
    if (!todo || todo.busy || todo.done) return
    this.change(id, { busy: true })
    try {
      await api.finishTodo({ id })
      this.change(id, { done: true })
    } catch (e) {
      if (api.finishTodo.failed(e)) switch (e.code) {
        case 'todo.already_done':
          this.change(id, { done: true })
          return toast('这条待办已经完成了')
        case 'todo.not_found':
          this.drop(id)
          return toast('这条待办已经不在了')
      }
      toast(describe(e).text)
    } finally {
      this.change(id, { busy: false })
    }
  },

  /** @param {ItemEvent} event */
  async onRemove(event) {
    const id = event.detail.id
    const todo = this.data.todos.find((todo) => todo.id === id)
    if (!todo || todo.busy) return
    this.change(id, { busy: true })
    try {
      const answer = await wx.showModal({
        title: '删除这条待办？',
        content: todo.title,
        confirmText: '删除',
        confirmColor: '#b3261e',
      })
      if (!answer.confirm) return
      await api.deleteTodo({ id })
      this.drop(id)
    } catch (e) {
      if (api.deleteTodo.failed(e) && e.code === 'todo.not_found') this.drop(id)
      else toast(describe(e).text)
    } finally {
      this.change(id, { busy: false })
    }
  },

  /** @param {string} id @param {Partial<Item>} fields */
  change(id, fields) {
    const index = this.data.todos.findIndex((todo) => todo.id === id)
    if (index < 0) return
    this.setData({ ['todos[' + index + ']']: Object.assign({}, this.data.todos[index], fields) })
  },

  /** @param {string} id */
  drop(id) {
    this.setData({ todos: this.data.todos.filter((todo) => todo.id !== id) })
  },

  /** A new todo comes first, as the server lists them. @param {Item} todo */
  put(todo) {
    if (this.data.todos.some((other) => other.id === todo.id)) return this.change(todo.id, todo)
    if (this.data.filters[this.data.filter].done) return
    this.setData({ state: 'ready', todos: [todo].concat(this.data.todos) })
  },
})
