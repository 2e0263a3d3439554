// refused with: TS2551
import * as api from 'client'

export const todos = api.listTodo()
