// refused with: TS2322
import { listTodos } from 'todo-client/todos'

export const todos = listTodos({ limit: '3' })
