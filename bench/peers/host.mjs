// A mini-program's host and the server that it calls, in one process: `wx.request` as its page documents it, on an old base
// library (the eleventh request at once fails), and a server with tokens that can expire.
//
// https://developers.weixin.qq.com/miniprogram/dev/api/network/request/wx.request.html
// https://developers.weixin.qq.com/miniprogram/dev/framework/ability/network.html

const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']
const AT_ONCE = 10
const MILLISECONDS = 8

export function createHost() {
  const storage = new Map()
  const codes = { given: 0, used: new Set() }
  const server = {
    token: 0,
    logins: 0,
    /** Method and path of everything that reached the server, in order. */
    received: [],
    codesUsedTwice: 0,
    /** Paths of requests that were aborted under way. */
    aborted: [],
    /** Requests that found no place. */
    refused: 0,
    atOnce: 0,
    most: 0,
    /** Paths whose answers are held back until `release()`. */
    held: new Map(),
    expire() {
      server.token += 1
    },
    reset() {
      Object.assign(server, { logins: 0, received: [], codesUsedTwice: 0, aborted: [], refused: 0, most: server.atOnce })
    },
    hold(path) {
      let release
      server.held.set(path, new Promise((resolve) => { release = resolve }))
      return release
    },
  }

  function answer({ method, path, header, data }) {
    server.received.push(`${method} ${path}`)
    if (path === '/login') {
      const { code } = JSON.parse(data)
      if (codes.used.has(code)) {
        server.codesUsedTwice += 1
        return { statusCode: 400, text: '{"code":"login.code_invalid"}' }
      }
      codes.used.add(code)
      server.logins += 1
      server.token += 1
      return { statusCode: 200, text: `{"token":"t${server.token}"}` }
    }
    if (header.authorization !== `Bearer t${server.token}`) return { statusCode: 401, text: '{"code":"auth.expired"}' }
    const [, folder, id] = path.split('/')
    // The contract says string; a server without that rule sends the number as it is.
    if (folder === 'orders') return { statusCode: 200, text: header['x-queqiao-client'] ? `{"id":"${id}"}` : `{"id":${id}}` }
    const sent = header['x-http-method-override'] ?? method
    return { statusCode: 200, text: JSON.stringify({ id, title: sent }) }
  }

  function request(options) {
    const finish = (outcome, result) => {
      options[outcome]?.(result)
      options.complete?.(result)
    }
    const method = options.method ?? 'GET'
    const fail = (why) => setTimeout(() => finish('fail', { errMsg: `request:fail ${why}` }), 0)
    if (!METHODS.includes(method)) {
      fail('invalid method')
      return { abort() {} }
    }
    if (server.atOnce >= AT_ONCE) {
      server.refused += 1
      fail('exceed max request connections')
      return { abort() {} }
    }
    server.atOnce += 1
    server.most = Math.max(server.most, server.atOnce)
    const path = new URL(options.url).pathname
    const header = Object.fromEntries(Object.entries(options.header ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]))
    const data = typeof options.data === 'object' ? JSON.stringify(options.data) : options.data
    let over = false
    const end = (outcome, result) => {
      if (over) return
      over = true
      server.atOnce -= 1
      finish(outcome, result)
    }
    const reply = answer({ method, path, header, data })
    const held = server.held.get(path)
    server.held.delete(path)
    Promise.all([held, new Promise((resume) => setTimeout(resume, MILLISECONDS))]).then(() => {
      const { statusCode, text } = reply
      end('success', { statusCode, data: decode(text, options), header: { 'content-type': 'application/json' }, cookies: [], errMsg: 'request:ok' })
    })
    return {
      abort() {
        if (!over) server.aborted.push(path)
        end('fail', { errMsg: 'request:fail abort' })
      },
      onHeadersReceived() {},
      offHeadersReceived() {},
    }
  }

  const wx = {
    request,
    login({ success }) {
      codes.given += 1
      const code = `code-${codes.given}`
      setTimeout(() => success({ code, errMsg: 'login:ok' }), MILLISECONDS)
    },
    getStorageSync: (key) => storage.get(key) ?? '',
    setStorageSync: (key, value) => void storage.set(key, value),
    removeStorageSync: (key) => void storage.delete(key),
    getStorageInfoSync: () => ({ keys: [...storage.keys()] }),
    getAccountInfoSync: () => ({ miniProgram: { envVersion: 'release' } }),
    canIUse: () => true,
    getSystemInfoSync: () => ({ language: 'zh_CN' }),
  }
  return { wx, server }
}

function decode(text, { dataType = 'json' }) {
  if (dataType !== 'json') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
