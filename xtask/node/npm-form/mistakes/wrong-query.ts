// refused with: TS2322
import * as api from 'todo-client'

export const todos = api.listTodos({ limit: '3' })
