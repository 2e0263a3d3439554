// refused with: TS2678
import * as api from 'client'

export function isForbidden(e: unknown) {
  if (!api.getTodo.failed(e)) return false
  switch (e.code) {
    case 'auth.forbidden':
      return true
    default:
      return false
  }
}
