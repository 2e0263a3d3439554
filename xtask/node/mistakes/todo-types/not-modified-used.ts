// refused with: TS18048
import * as api from 'client'

export async function title(id: string, tag: string): Promise<string> {
  const todo = await api.getTodo({ id }, { header: { 'If-None-Match': tag } })
  return todo.title
}
