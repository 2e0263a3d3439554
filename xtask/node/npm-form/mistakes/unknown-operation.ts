// refused with: TS2724
import { listTodoz } from 'todo-client'

export const todos = listTodoz()
