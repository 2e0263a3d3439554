import AdapterUniapp from '@alova/adapter-uniapp'
import { createAlova } from 'alova'
import { createServerTokenAuthentication } from 'alova/client'
import { BASE, loginCode } from '../by-hand.js'

export const session = 'built in'

let token = ''
const { onAuthRequired, onResponseRefreshToken } = createServerTokenAuthentication({
  assignToken(method) {
    if (token) method.config.headers.Authorization = `Bearer ${token}`
  },
  refreshTokenOnSuccess: {
    isExpired: (answer) => answer.statusCode === 401,
    async handler() {
      const login = alova.Post('/login', { code: await loginCode() })
      login.meta = { authRole: 'refreshToken' }
      token = (await login).token
    },
  },
})
const alova = createAlova({
  baseURL: BASE,
  ...AdapterUniapp(),
  cacheFor: null,
  beforeRequest: onAuthRequired(async () => {}),
  responded: onResponseRefreshToken({
    onSuccess(answer) {
      if (answer.statusCode >= 400) throw answer
      return answer.data
    },
    // Without it, a call that has failed would give undefined.
    onError(error) {
      throw error
    },
  }),
})

const call = (method) => ({ promise: method.send(), abort: () => method.abort() })

export const getItem = (id) => call(alova.Get(`/items/${id}`))
export const patchItem = (id, body) => call(alova.Patch(`/items/${id}`, body))
export const getOrder = (id) => call(alova.Get(`/orders/${id}`))
