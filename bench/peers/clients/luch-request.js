import Request from 'luch-request'
import { BASE, createSession } from '../by-hand.js'

export const session = 'by hand'

const plain = new Request({ baseURL: BASE })
const tokens = createSession((path, body) => plain.post(path, body).then(({ data }) => data))

const http = new Request({ baseURL: BASE })
http.interceptors.request.use(async (config) => {
  config.header = { ...config.header, ...tokens.header() }
  return config
})
http.interceptors.response.use(
  ({ data }) => data,
  async (answer) => {
    if (answer.statusCode !== 401 || answer.config.custom.replayed) return Promise.reject(answer)
    await tokens.renew()
    return http.request({ ...answer.config, custom: { replayed: true } })
  },
)

function call(method, url, data) {
  let task
  const promise = http.request({ method, url, data, getTask: (own) => { task = own } })
  return { promise, abort: () => task?.abort() }
}

export const getItem = (id) => call('GET', `/items/${id}`)
export const patchItem = (id, body) => call('PATCH', `/items/${id}`, body)
export const getOrder = (id) => call('GET', `/orders/${id}`)
