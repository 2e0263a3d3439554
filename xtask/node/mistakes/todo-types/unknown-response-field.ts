// refused with: TS2339
import * as api from 'client'

export async function text(id: string) {
  const todo = await api.getTodo({ id })
  return todo.text
}
