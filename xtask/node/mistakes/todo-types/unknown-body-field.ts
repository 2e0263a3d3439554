// refused with: TS2561
import * as api from 'client'

export const todo = api.addTodo({ title: 'rice', titel: 'rice' })
