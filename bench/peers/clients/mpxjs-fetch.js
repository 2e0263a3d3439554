import { CancelToken, XFetch } from '@mpxjs/fetch'
import { BASE, createSession } from '../by-hand.js'

export const session = 'by hand'

const settings = { useQueue: { limit: 10 }, useBigInt: true }
const plain = new XFetch(settings)
const tokens = createSession((path, data) => plain.fetch({ url: BASE + path, method: 'POST', data }).then(({ data }) => data))

const xfetch = new XFetch(settings)
xfetch.interceptors.request.use(async (config) => {
  config.header = { ...config.header, ...tokens.header() }
  return config
})
xfetch.interceptors.response.use(async (answer) => {
  if (answer.statusCode < 400) return answer.data
  if (answer.statusCode !== 401 || answer.requestConfig.replayed) return Promise.reject(answer)
  await tokens.renew()
  const { url, method, data } = answer.requestConfig
  return xfetch.fetch({ url, method, data, replayed: true })
})

function call(method, path, data) {
  const cancel = new CancelToken()
  return { promise: xfetch.fetch({ url: BASE + path, method, data, cancelToken: cancel.token }), abort: () => cancel.exec('abort') }
}

export const getItem = (id) => call('GET', `/items/${id}`)
export const patchItem = (id, body) => call('PATCH', `/items/${id}`, body)
export const getOrder = (id) => call('GET', `/orders/${id}`)
