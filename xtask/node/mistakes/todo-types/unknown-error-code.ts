// refused with: TS2678
import * as api from 'client'

export function isGone(e: unknown) {
  if (!api.getTodo.failed(e)) return false
  switch (e.code) {
    case 'todo.not_fuond':
      return true
    default:
      return false
  }
}
