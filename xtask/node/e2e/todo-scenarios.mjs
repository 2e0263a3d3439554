// What the todo mini-program must do, told as a user would: each scenario gets an own phone and an own WeChat user.
export { createTodoApi as createApi } from './todo-api.mjs'
export { createTodoUser as createUser } from './todo-user.mjs'

export const scenarios = {
  async 'from the first start to a short list'({ user, wire, until, same, shot }) {
    await until('an empty list is shown', async () => (await user.text()).includes('没有要做的事'))
    await shot('empty')
    same('one silent login', wire.count('POST', '/auth/login'), 1)

    for (const title of ['买米', '写信', '浇花']) await user.add(title)
    await until('the three stand newest first', async () => (await user.titles()).join() === '浇花,写信,买米')
    await user.finish('写信')
    await until('one is done', async () => (await user.doneTitles()).join() === '写信')
    await shot('one-done')
    await user.remove('浇花', '取消')
    same('a delete that is not confirmed sends nothing', wire.list().filter((line) => line.startsWith('DELETE')).length, 0)
    await user.remove('浇花')
    await until('two are left', async () => (await user.titles()).join() === '写信,买米')
    same('still one login', wire.count('POST', '/auth/login'), 1)
    same('each was added once', wire.count('POST', '/todos'), 3)

    await user.filter('已完成')
    await until('the filter shows the finished one', async () => (await user.titles()).join() === '写信')
    await user.filter('全部')
    await until('the server has the same list', async () => (await user.titles()).join() === '写信,买米')
  },

  async 'a token that has expired'({ user, wire, server, until, same }) {
    await user.add('买米')
    await until('it is listed', async () => (await user.titles()).join() === '买米')
    const { expiresIn } = await wire.lastAnswer('POST', '/auth/login')
    await server.advanceClock(expiresIn + 120)
    await user.finish('买米')
    await until('the tap succeeds all the same', async () => (await user.doneTitles()).join() === '买米')
    same('exactly one more login', wire.count('POST', '/auth/login'), 2)
    await user.add('写信')
    await until('and the page goes on', async () => (await user.titles()).join() === '写信,买米')
    same('with no further login', wire.count('POST', '/auth/login'), 2)
  },

  async 'editing, and what the server refuses'({ user, wire, until, same, shot }) {
    await user.tap('新建待办')
    await user.fill({ title: '长'.repeat(101), note: '备注' })
    await user.tap('保存')
    await until('the refusal stands at the field', async () => (await user.alert()) === '标题要有 1 到 100 个字')
    await shot('refused')
    await user.fill({ title: '长'.repeat(100) })
    await user.tap('保存')
    await until('a hundred characters are accepted', async () => (await user.titles()).join() === '长'.repeat(100))

    await user.edit('长'.repeat(100))
    await until('the stored note is there to edit', async () => (await user.heading()) === '编辑待办')
    await user.fill({ title: '短', note: '' })
    await shot('edit')
    await user.tap('保存')
    await until('the list shows the new title', async () => (await user.titles()).join() === '短')
    same('one was added, one was changed', [wire.count('POST', '/todos'), wire.list().filter((line) => line.startsWith('PUT')).length], [2, 1])
  },

  async 'Chinese, emoji and markup as titles'({ user, until, phone }) {
    const titles = ['👩‍👩‍👧 家庭聚会', '𠮷野家 <b>&amp; "引号"', '50% & a=b?c#d + é']
    for (const title of titles) await user.add(title)
    const expected = JSON.stringify([...titles].reverse())
    await until('all are shown as typed', async () => JSON.stringify(await user.titles()) === expected)
    await phone.page.reload()
    await until('and come back from the server unchanged', async () => JSON.stringify(await user.titles()) === expected)
  },

  async 'three taps on a button while the network is slow'({ user, wire, phone, until, same, shot }) {
    await user.tap('新建待办')
    await user.fill({ title: '只要一个' })
    const release = await phone.holdRequests('/todos')
    await user.tapAtOnce('保存', 3)
    await until('the request is under way', () => wire.count('POST', '/todos') > 0)
    await until('the page says so', async () => (await user.text()).includes('正在保存…'))
    await shot('saving')
    await release()
    await until('the list is shown', async () => (await user.titles()).length > 0)
    same('one request', wire.count('POST', '/todos'), 1)
    same('one todo', (await user.titles()).join(), '只要一个')
  },

  async 'going back before the answer comes'({ user, phone, until, same }) {
    await user.tap('新建待办')
    await user.fill({ title: '慢的' })
    const release = await phone.holdRequests('/todos')
    await user.tap('保存')
    await user.back()
    await user.tap('新建待办')
    await user.fill({ title: '还没写完' })
    await release()
    await until('the new page stays open', async () => (await phone.page.locator('.page').count()) === 2)
    await user.tap('保存')
    await until('both are listed', async () => (await user.titles()).join() === '还没写完,慢的')
    same('the list is the page on top', await user.heading(), '鹊桥待办')
  },

  async 'twenty-five todos, page by page'({ user, wire, api, until, same, shot, phone }) {
    for (let number = 1; number <= 25; number += 1) await api.addTodo(`第${number}件`)
    await phone.page.reload()
    await until('the first page has twenty', async () => (await user.titles()).length === 20)
    const before = wire.count('GET', '/todos')
    await user.scrollToEnd()
    await until('reaching the bottom brings the rest', async () => (await user.titles()).length === 25)
    const expected = Array.from({ length: 25 }, (_, index) => `第${25 - index}件`).join()
    same('none is missing or twice', (await user.titles()).join(), expected)
    await user.scrollToEnd()
    await until('the end is said', async () => (await user.text()).includes('没有更多了'))
    await shot('last-page')
    same('one more request', wire.count('GET', '/todos') - before, 1)
  },

  async 'pulling down'({ user, wire, api, until, same, phone, shot }) {
    await user.add('旧的')
    await api.addTodo('别处添加的')
    const before = wire.count('GET', '/todos')
    await user.pullDown()
    await until('what was added elsewhere appears', async () => (await user.titles()).join() === '别处添加的,旧的')
    await until('the spinner goes', async () => (await phone.page.locator('.refreshing').count()) === 0)
    same('one request', wire.count('GET', '/todos') - before, 1)
    await shot('pulled')
  },

  async 'what is gone or done elsewhere'({ user, api, until, shot }) {
    for (const title of ['删掉的', '完成的']) await user.add(title)
    const { items } = await api.listTodos()
    await api.finishTodo(items.find((todo) => todo.title === '完成的').id)
    await api.deleteTodo(items.find((todo) => todo.title === '删掉的').id)
    await user.finish('完成的')
    await until('todo.already_done is said', async () => (await user.toast()) === '这条待办已经完成了')
    await shot('already-done')
    await until('and shown', async () => (await user.doneTitles()).join() === '完成的')
    await user.edit('删掉的')
    await until('todo.not_found is said', async () => (await user.toast()) === '这条待办已经不在了')
    await until('and the todo leaves the list', async () => (await user.titles()).join() === '完成的')
  },

  async 'answers that the contract does not list'({ user, phone, until, shot }) {
    await user.add('买米')
    const problem = { title: '维护中', status: 503, code: 'later.added', request_id: 'r-4711' }
    const reopen = await phone.intercept('/todos?done=false', { status: 503, contentType: 'application/problem+json', headers: { 'x-request-id': 'r-4711' }, body: JSON.stringify(problem) })
    await user.filter('待办')
    await until('a new code is shown as a failure, with the number to ask for', async () => /服务器出错了.*编号 r-4711/s.test(await user.text()))
    await shot('new-code')
    await reopen()
    const remove = await phone.intercept('/todos?done=false', { status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' })
    await user.tap('重试')
    await until("so is a gateway's HTML page", async () => (await user.text()).includes('服务器出错了'))
    await remove()
    await user.tap('重试')
    await until('trying again works', async () => (await user.titles()).join() === '买米')
  },

  async 'the server is away for a while'({ user, server, until, shot }) {
    await user.add('买米')
    await until('it is listed', async () => (await user.titles()).join() === '买米')
    await server.stop()
    await user.finish('买米')
    await until('the failure is said', async () => (await user.toast()) === '网络连不上，请稍后再试')
    await user.filter('待办')
    await until('a page that cannot load offers to try again', async () => (await user.text()).includes('没能取到待办'))
    await shot('server-away')
    await server.start()
    await user.tap('重试')
    await until('trying again works', async () => (await user.titles()).join() === '买米')
    await user.finish('买米')
    await until('and so does the rest', async () => (await user.doneTitles()).join() === '买米')
  },
}
