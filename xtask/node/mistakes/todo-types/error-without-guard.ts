// refused with: TS18046
import * as api from 'client'

export async function code(id: string) {
  try {
    await api.getTodo({ id })
  } catch (e) {
    return e.code
  }
}
