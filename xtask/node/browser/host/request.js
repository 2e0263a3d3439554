// wx.request as its page documents it: https://developers.weixin.qq.com/miniprogram/dev/api/network/request/wx.request.html
// Any HTTP answer is a success; there is no promise, no PATCH; ten requests at once.

const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']
// https://developers.weixin.qq.com/miniprogram/dev/framework/ability/network.html: at most ten at once. Old base libraries
// fail the eleventh, new ones queue it; failing shows a client that does not count.
const AT_ONCE = 10

let running = 0

/** Runs what takes one of the places, of which uploads take some too. */
export async function inPlace(work) {
  if (running >= AT_ONCE) throw new Error('exceed max connections')
  running += 1
  try {
    return await work()
  } finally {
    running -= 1
  }
}

export function createRequest({ defaultTimeout = 60000 }) {
  return function request(options) {
    const controller = new AbortController()
    let reason = ''
    const stop = (why) => {
      reason ||= why
      controller.abort()
    }
    inPlace(() => send(options, controller.signal, () => stop('timeout'), options.timeout ?? defaultTimeout)).then(
      (answer) => report(options, 'success', answer),
      (error) => report(options, 'fail', failure(reason, error)),
    )
    return { abort: () => stop('abort'), onHeadersReceived() {}, offHeadersReceived() {}, onChunkReceived() {}, offChunkReceived() {} }
  }
}

async function send(options, signal, onTimeout, timeout) {
  const method = options.method ?? 'GET'
  if (!METHODS.includes(method)) throw new Error(`method ${method} is not supported`)
  const timer = setTimeout(onTimeout, timeout)
  try {
    const header = lowerCase(options.header)
    header['content-type'] ??= 'application/json'
    const response = await fetch(url(options, method), { method, headers: header, body: body(options, method, header), signal, cache: 'no-store' })
    const bytes = await response.arrayBuffer()
    return {
      data: decode(bytes, options),
      statusCode: response.status,
      header: Object.fromEntries(response.headers),
      cookies: [],
      errMsg: 'request:ok',
    }
  } finally {
    clearTimeout(timer)
  }
}

function url({ url, data }, method) {
  if (method !== 'GET' || typeof data !== 'object' || data === null) return url
  const pairs = Object.entries(data).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? url : url + (url.includes('?') ? '&' : '?') + pairs.join('&')
}

function body({ data }, method, header) {
  if (data === undefined || method === 'GET' || method === 'HEAD') return undefined
  if (typeof data === 'string' || data instanceof ArrayBuffer) return data
  if (header['content-type'].includes('x-www-form-urlencoded')) return new URLSearchParams(data).toString()
  return JSON.stringify(data)
}

function decode(bytes, { dataType = 'json', responseType = 'text' }) {
  if (responseType === 'arraybuffer') return bytes
  const text = new TextDecoder().decode(bytes)
  if (dataType !== 'json') return text
  try {
    return JSON.parse(text)
  } catch {
    return text // WeChat hands on what it cannot parse.
  }
}

function failure(reason, error) {
  if (reason === 'abort') return { errMsg: 'request:fail abort' }
  if (reason === 'timeout') return { errMsg: 'request:fail timeout' }
  return { errMsg: `request:fail ${error.message}`, errno: 600001 }
}

function report(options, outcome, result) {
  options[outcome]?.(result)
  options.complete?.(result)
}

function lowerCase(header = {}) {
  return Object.fromEntries(Object.entries(header).map(([name, value]) => [name.toLowerCase(), String(value)]))
}
