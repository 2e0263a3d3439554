import { request } from 'wx-promise-request'
import { BASE, createSession } from '../by-hand.js'

export const session = 'by hand'

const tokens = createSession((path, data) => request({ url: BASE + path, method: 'POST', data }).then(({ data }) => data))

// It has no interceptors: the app wraps it.
async function send(method, path, data, replayed = false) {
  const answer = await request({ url: BASE + path, method, data, header: tokens.header() })
  if (answer.statusCode === 401 && !replayed) {
    await tokens.renew()
    return send(method, path, data, true)
  }
  if (answer.statusCode >= 400) throw answer
  return answer.data
}

// There is no way to abort: it does not hand out the task.
const call = (...args) => ({ promise: send(...args), abort: null })

export const getItem = (id) => call('GET', `/items/${id}`)
export const patchItem = (id, body) => call('PATCH', `/items/${id}`, body)
export const getOrder = (id) => call('GET', `/orders/${id}`)
