// refused with: TS2353
import * as api from 'client'

api.configure({ baseUrl: { production: 'https://example.com' } })
