// What the hello mini-program must do.

export function createUser(page) {
  return {
    text: () => page.locator('page').innerText(),
    tap: (name) => page.locator(`button:text-is("${name}")`).tap(),
  }
}

export function createApi() {
  return {}
}

export const scenarios = {
  async 'saying hello'({ user, wire, until, same, shot }) {
    await user.tap('问声好')
    await until('the greeting is shown', async () => /鹊桥/.test(await user.text()))
    await shot('greeting')
    same('one request', wire.list(), [`GET /hello?name=${encodeURIComponent('鹊桥')}`])
  },

  async 'the server is away'({ user, server, until }) {
    await server.stop()
    await user.tap('问声好')
    await until('the failure is shown', async () => (await user.text()).includes('没有成功：network'))
  },
}
