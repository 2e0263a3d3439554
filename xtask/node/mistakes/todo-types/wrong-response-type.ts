// refused with: TS2322
import * as api from 'client'

export async function open(): Promise<number> {
  const page = await api.listTodos()
  return page.items
}
