// refused with: TS2307
import { listTodos } from 'todo-client/todo'

export const todos = listTodos()
