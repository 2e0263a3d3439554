// What an app writes itself where its request layer knows no sessions: one login at a time, and one replay. The usual form,
// as articles on `wx.request` show it.

export const BASE = 'https://server.example'

/** @param {(path: string, body: object) => Promise<{ token: string }>} send posts, without a token */
export function createSession(send) {
  let token = ''
  let renewing = null
  return {
    header: () => (token ? { Authorization: `Bearer ${token}` } : {}),
    renew() {
      renewing ??= loginCode()
        .then((code) => send('/login', { code }))
        .then((answer) => { token = answer.token })
        .finally(() => { renewing = null })
      return renewing
    },
  }
}

export function loginCode() {
  return new Promise((resolve, reject) => wx.login({ success: ({ code }) => resolve(code), fail: reject }))
}
