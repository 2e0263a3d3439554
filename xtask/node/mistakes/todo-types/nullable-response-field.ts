// refused with: TS18047
import * as api from 'client'

export async function noteLength(id: string) {
  const todo = await api.getTodo({ id })
  return todo.note.length
}
