// @ts-check
const { configure } = require('todo-client')
const api = require('todo-client/todos')

configure({ retries: 0 })

Page({
  data: { titles: /** @type {string[]} */ ([]), failure: '' },

  async onLoad() {
    try {
      const page = await api.listTodos({ limit: 3 })
      this.setData({ titles: page.items.map((todo) => todo.title) })
    } catch (e) {
      if (api.listTodos.failed(e)) this.setData({ failure: e.code })
    }
  },
})
