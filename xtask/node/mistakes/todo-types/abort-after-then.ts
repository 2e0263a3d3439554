// refused with: TS2339
import * as api from 'client'

api.listTodos().then((page) => page.items).abort()
