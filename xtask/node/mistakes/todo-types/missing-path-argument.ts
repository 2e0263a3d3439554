// refused with: TS2554
import * as api from 'client'

export const todo = api.getTodo()
