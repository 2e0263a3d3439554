// refused with: TS2307
import { listTodos } from 'todo-clients'

export const todos = listTodos()
