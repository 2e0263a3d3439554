// @ts-check
const api = require('todo-client')

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
