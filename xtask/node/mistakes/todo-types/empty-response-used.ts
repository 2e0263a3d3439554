// refused with: TS2339
import * as api from 'client'

export async function removed(id: string) {
  const answer = await api.deleteTodo({ id })
  return answer.id
}
