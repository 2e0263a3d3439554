// What the Taro app of ../taro must do, on a phone: its client is the generated one, in Taro's bundle, with Taro as its host.
export { createTodoApi as createApi } from './todo-api.mjs'

/** @param {import('playwright-core').Page} page */
export function createUser(page) {
  const button = (name) => page.locator(`button:text-is("${name}")`)
  const inItem = (title, name) => page.locator('.item', { has: page.locator(`text:text-is("${title}")`) }).locator(`button:text-is("${name}")`)
  const itemTexts = async () => Promise.all((await page.locator('.item').all()).map((item) => item.innerText()))

  return {
    text: () => page.locator('page').innerText(),
    titles: () => page.locator('.item text').allInnerTexts(),
    doneTitles: async () => (await itemTexts()).filter((text) => text.includes('✓')).map((text) => text.replace(/✓|删除|\s/g, '')),
    async add(title) {
      await page.locator('input').fill(title)
      await button('新建待办').tap()
    },
    finish: (title) => inItem(title, '○').tap(),
    async remove(title, answer = '确定') {
      await inItem(title, '删除').tap()
      await page.locator(`#modal button:text-is("${answer}")`).tap()
    },
  }
}

export const scenarios = {
  async 'from the first start to a token that has expired'({ user, wire, server, phone, until, same, shot }) {
    await until('an empty list is shown', async () => (await user.text()).includes('没有要做的事'))
    same('one silent login', wire.count('POST', '/auth/login'), 1)
    const { expiresIn } = await wire.lastAnswer('POST', '/auth/login')
    for (const title of ['买米', '写信', '浇花']) {
      await user.add(title)
      await until(`"${title}" is listed first`, async () => (await user.titles())[0] === title)
    }
    same('each was added once', wire.count('POST', '/todos'), 3)
    await user.finish('写信')
    await until('one is done', async () => (await user.doneTitles()).join() === '写信')
    await shot('one-done')

    await phone.page.reload()
    await until('the server has the same list', async () => (await user.titles()).join() === '浇花,写信,买米')
    same('the session comes from the storage', wire.count('POST', '/auth/login'), 1)

    await user.remove('浇花', '取消')
    same('a delete that is not confirmed sends nothing', deletes(wire), 0)
    await server.advanceClock(expiresIn + 120)
    await user.remove('浇花')
    await until('the deleted one is gone, though the token had expired', async () => (await user.titles()).join() === '写信,买米')
    same('exactly one more login', wire.count('POST', '/auth/login'), 2)
    same('the delete was repeated once', deletes(wire), 2)
  },

  async 'what the server refuses, and what never arrives'({ user, wire, server, phone, until, same }) {
    await until('an empty list is shown', async () => (await user.text()).includes('没有要做的事'))
    await user.add('长'.repeat(101))
    await until('the refusal has its kind and code', async () => (await user.text()).includes('validation'))
    same('a refusal is not repeated', wire.count('POST', '/todos'), 1)

    await phone.page.route(`${server.url}/**`, (route) => route.abort())
    await user.add('买米')
    await until('no network has its kind', async () => (await user.text()).includes('network'))
    await phone.page.unroute(`${server.url}/**`)
    await user.add('买米')
    await until('and the page goes on', async () => (await user.titles()).join() === '买米')
  },
}

function deletes(wire) {
  return wire.list().filter((line) => line.startsWith('DELETE')).length
}
