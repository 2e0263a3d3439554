// refused with: TS2305
import { listTodos } from 'todo-client'

export const todos = listTodos()
