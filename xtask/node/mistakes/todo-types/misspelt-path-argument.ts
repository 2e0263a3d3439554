// refused with: TS2353
import * as api from 'client'

export const call = api.finishTodo({ todoId: '1' })
