// refused with: TS2551
import * as api from 'client'

export function most(e: unknown) {
  return api.addTodo.failed(e) ? e.details : undefined
}
