// refused with: TS2678
import * as api from 'client'

export function isDone(e: unknown) {
  if (!api.getTodo.failed(e)) return false
  switch (e.code) {
    case 'todo.already_done':
      return true
    default:
      return false
  }
}
