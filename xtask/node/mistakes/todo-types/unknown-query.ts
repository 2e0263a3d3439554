// refused with: TS2353
import * as api from 'client'

export const page = api.listTodos({ page: 2 })
