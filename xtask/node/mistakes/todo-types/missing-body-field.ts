// refused with: TS2345
import * as api from 'client'

export const todo = api.addTodo({ note: 'for Sunday' })
