import { ApiError, type Todo } from 'todo-client'
import { listTodos } from 'todo-client/todos'

function title(todo: Todo): string {
  return todo.title
}

Page({
  data: { titles: [] as string[], failure: '' as '' | listTodos.Code },

  async onLoad() {
    try {
      const page = await listTodos({ limit: 3 })
      this.setData({ titles: page.items.map(title) })
    } catch (e) {
      if (e instanceof ApiError && listTodos.failed(e)) this.setData({ failure: e.code })
    }
  },
})
