import api = require('todo-client')
import admin = require('todo-client/admin')
import todos = require('todo-client/todos')

async function open(id: string): Promise<string | null> {
  const todo: api.Todo = await todos.getTodo({ id })
  return todo.note
}

async function count(): Promise<api.Statistics> {
  return admin.statistics()
}

export { count, open }
