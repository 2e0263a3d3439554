// refused with: TS2367
import * as api from 'client'

export function isNetwork(e: unknown) {
  return api.getTodo.failed(e) && e.kind === 'netwrok'
}
