// refused with: TS2339
import * as api from 'client'

export function most(e: unknown) {
  return api.addTodo.failed(e) ? e.details : undefined
}
