import api = require('todo-client')

async function open(id: string): Promise<string | null> {
  const todo: api.Todo = await api.getTodo({ id })
  return todo.note
}

async function add(title: string): Promise<'full' | 'added'> {
  try {
    await api.addTodo({ title })
  } catch (e) {
    if (api.addTodo.failed(e) && e.code === 'todo.too_many') return 'full'
    throw e
  }
  return 'added'
}

export { add, open }
