// refused with: TS2322
import * as api from 'client'

export function most(e: unknown): string {
  return api.addTodo.failed(e) && e.code === 'todo.too_many' ? e.details.most : ''
}
