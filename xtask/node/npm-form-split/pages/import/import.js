// @ts-check
import { ApiError } from 'todo-client'
import * as api from 'todo-client/todos'
import { listTodos } from 'todo-client/todos'

Page({
  data: { titles: /** @type {string[]} */ ([]), failure: '' },

  async onLoad() {
    try {
      const page = await listTodos({ limit: 3 })
      this.setData({ titles: page.items.map((todo) => todo.title) })
    } catch (e) {
      if (e instanceof ApiError && api.listTodos.failed(e)) this.setData({ failure: e.code })
    }
  },
})
