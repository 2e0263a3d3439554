// refused with: TS2322
import * as api from 'client'

export const page = api.listTodos({ limit: '20' })
