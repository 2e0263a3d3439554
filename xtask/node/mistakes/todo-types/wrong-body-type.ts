// refused with: TS2322
import * as api from 'client'

export const todo = api.addTodo({ title: 1 })
