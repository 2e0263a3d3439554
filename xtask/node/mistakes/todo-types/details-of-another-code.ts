// refused with: TS2551
import * as api from 'client'

export function most(e: unknown) {
  if (!api.addTodo.failed(e)) return 0
  switch (e.code) {
    case 'todo.too_many':
      return e.details.most.toFixed()
    case 'validation':
      return e.details
  }
}
