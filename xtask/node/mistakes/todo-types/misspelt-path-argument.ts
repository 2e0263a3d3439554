// refused with: TS2353
import * as api from 'client'

export const todo = api.getTodo({ todoId: '1' })
