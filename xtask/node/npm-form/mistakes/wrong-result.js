// refused with: TS2339
import { listTodos } from 'todo-client'

export const count = listTodos().then((page) => page.total)
