// What the album mini-program must do, in both ways of uploading.
import { consoleIsReadable } from './console.mjs'
import { largeFile, noisyPicture, plainPicture } from './pictures.mjs'

/** The album beside the phone: another user, and what WeChat knows of the phone's own. */
export function createApi(server, userName) {
  const json = async (response) => {
    if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
  const post = (url, body, headers = {}) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }).then(json)
  return {
    async comment(photo, text) {
      const { code } = await post(`${server.emulator}/emulator/login-codes`, { user: 'somebody' })
      const { token } = await post(`${server.url}/auth/login`, { code })
      await post(`${server.url}/photos/${photo}/comments`, { text }, { authorization: `Bearer ${token}` })
    },
    /** To customer service, as the user. */
    write: (text) => post(`${server.emulator}/emulator/messages`, { user: userName, text }),
    /** What the user got, of a kind, the newest first. */
    async got(kind) {
      const messages = await fetch(`${server.emulator}/emulator/messages`).then(json)
      return messages.filter((one) => one.user === userName && one.kind === kind).map((one) => one.content)
    },
  }
}

const THROUGH = { button: '添加照片', text: '正在上传照片', path: '/photos' }
const DIRECT = { button: '添加原图', text: '正在直传原图', path: '/originals' }

/** @param {import('playwright-core').Page} page */
export function createUser(page) {
  const button = (name) => page.locator(`button:text-is("${name}")`)
  const photos = () => page.locator('[role=listitem]')

  return {
    text: () => page.locator('section:not([hidden]) page').innerText(),
    toast: () => page.locator('#toast:not([hidden])').innerText({ timeout: 5000 }).catch(() => ''),
    tap: (name) => button(name).tap(),
    count: () => photos().count(),
    /** How many thumbnails the screen really shows. */
    shown: () => page.locator('[role=listitem] image[data-loaded=true]').count(),
    labels: () => page.locator('[role=listitem] image').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label'))),

    /** Taps a button and chooses a file in the dialogue that comes. */
    async choose(name, file) {
      const dialogue = page.waitForEvent('filechooser')
      await button(name).tap()
      await (await dialogue).setFiles(file)
    },

    async remove(index, answer = '删除') {
      await photos().nth(index).locator('[aria-label=删除]').tap()
      await page.locator(`#modal button:text-is("${answer}")`).tap()
    },
    answer: (name) => page.locator(`#modal button:text-is("${name}")`).tap(),

    /** Opens the comments of a photo. */
    talk: (index) => photos().nth(index).locator('[aria-label=评论]').tap(),
    comments: () => page.locator('section:not([hidden]) .comment').allInnerTexts(),
    problem: () => page.locator('section:not([hidden]) [role=alert]').allInnerTexts().then((all) => all.join()),
    async write(text) {
      await page.locator('section:not([hidden]) input').fill(text)
      await button('发送').tap()
    },
  }
}

/** So many bytes a second go up, and no more. */
async function throttle(page, bytesPerSecond) {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const limit = (uploadThroughput) =>
    session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })
  await limit(bytesPerSecond)
  return async () => { await limit(-1); await session.detach() }
}

function percent(text) {
  return Number(/(\d+)%/.exec(text)?.[1] ?? -1)
}

async function addsAndDeletes(way, { user, until, same, shot, wire }) {
  await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
  await user.choose(way.button, plainPicture('红.png', 640, 320))
  await until('the photo is there', async () => (await user.count()) === 1)
  await until('and its thumbnail is seen', async () => (await user.shown()) === 1)
  same('with its dimensions', await user.labels(), ['照片 640 × 320'])
  await user.choose(way.button, plainPicture('蓝.png', 100, 200))
  await until('a second stands before it', async () => (await user.labels()).join() === '照片 100 × 200,照片 640 × 320')
  await shot('two')
  same('each was one call', wire.count('POST', way.path), 2)
  same('and the file went its way', [wire.count('POST', '/uploads'), wire.count('POST', '/uploads/bucket')], way === DIRECT ? [2, 2] : [0, 0])
  await user.remove(0, '取消')
  await user.remove(0)
  await until('one is left', async () => (await user.labels()).join() === '照片 640 × 320')
  same('one was deleted', wire.list().filter((line) => line.startsWith('DELETE')).length, 1)
}

async function showsProgressAndAborts(way, { user, until, same, shot, phone, wire }) {
  await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
  const release = await throttle(phone.page, 300_000)
  await user.choose(way.button, noisyPicture('大.png', 700, 700))
  await until('how far it is', async () => (await user.text()).includes(way.text) && percent(await user.text()) > 0 && percent(await user.text()) < 100)
  await shot('progress')
  const first = percent(await user.text())
  await until('and it goes on', async () => percent(await user.text()) > first)
  await user.tap('取消上传')
  await until('the upload has ended', async () => (await user.text()).includes(way.button))
  await release()
  await phone.page.reload()
  await until('and nothing of it is there', async () => (await user.text()).includes('还没有照片'))
  same('no call went through', wire.count('POST', DIRECT.path), 0)
  await user.choose(way.button, noisyPicture('大.png', 700, 700))
  await until('the same file goes when it may', async () => (await user.count()) === 1)
}

async function refuses(way, tooLarge, { user, until, same, wire }) {
  await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
  await user.choose(way.button, { name: '假.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('<html>no picture</html>') })
  await until('what is no picture is refused', async () => (await user.toast()).includes('只支持 JPEG'))
  const before = wire.total()
  await user.choose(way.button, largeFile('大.png', tooLarge))
  await until('what is too large is refused', async () => (await user.toast()).includes('照片太大了'))
  same('before anything of it is sent', wire.total(), before)
  same('and nothing is there', await user.count(), 0)
}

const MIB = 1024 * 1024

export const scenarios = {
  'through the server: add, see, delete': (tools) => addsAndDeletes(THROUGH, tools),
  'past the server: add, see, delete': (tools) => addsAndDeletes(DIRECT, tools),
  'through the server: progress and abort': (tools) => showsProgressAndAborts(THROUGH, tools),
  'past the server: progress and abort': (tools) => showsProgressAndAborts(DIRECT, tools),
  'through the server: what is refused': (tools) => refuses(THROUGH, 5 * MIB + 1, tools),
  'past the server: what is refused': (tools) => refuses(DIRECT, 20 * MIB + 1, tools),

  'the console of the emulator is readable': consoleIsReadable,

  async 'a subscription is granted and a message sent'({ user, until, same, shot, wire, api }) {
    await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
    await user.choose(THROUGH.button, plainPicture('红.png', 64, 64))
    await until('the photo is there', async () => (await user.count()) === 1)
    const { id } = await wire.lastAnswer('POST', '/photos')
    const reports = () => wire.list().filter((line) => line.startsWith('PUT /auth/subscriptions/')).length
    await user.tap('有评论时通知我')
    await user.answer('取消')
    await until('no is no', async () => (await user.toast()) === '不会通知你')
    await api.comment(id, '第一句')
    await until('the server was told', async () => reports() === 1)
    await user.tap('有评论时通知我')
    await shot('asked')
    await user.answer('允许')
    await until('yes is yes', async () => (await user.toast()) === '有新评论会通知你')
    await until('the server was told again', async () => reports() === 2)
    same('nothing was sent by then', await api.got('subscribe'), [])
    await api.comment(id, '海边的傍晚，真好看啊，在哪里拍的，我也想去看看')
    await until('a message has come', async () => (await api.got('subscribe')).length === 1)
    const [message] = await api.got('subscribe')
    same('with the comment', message.data.thing1.value, '海边的傍晚，真好看啊，在哪里拍的，我也…')
    same('and its page', message.page, `pages/comments/comments?id=${id}`)
    await api.comment(id, '第三句')
    same('one yes is one message', (await api.got('subscribe')).length, 1)
  },

  async 'a push is answered'({ user, until, same, api }) {
    await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
    await user.choose(THROUGH.button, plainPicture('红.png', 64, 64))
    await until('the photo is there', async () => (await user.count()) === 1)
    const { push } = await api.write('我有几张照片？')
    same('the server took it', push.outcome, 'replied')
    await until('and the user reads the answer', async () => (await api.got('reply')).some((reply) => reply.Content === '你的相册里有 1 张照片。'))
  },

  async 'a comment passes content security or is refused'({ user, until, same, shot, phone, wire }) {
    await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
    await user.choose(THROUGH.button, plainPicture('红.png', 64, 64))
    await until('the photo is there', async () => (await user.count()) === 1)
    await user.talk(0)
    await until('its comments are shown', async () => (await user.text()).includes('还没有评论'))
    await user.write('海边的傍晚')
    await until('a good one stands there', async () => (await user.comments()).join() === '海边的傍晚')
    await user.write('出售【违规】')
    await until('a risky one is refused', async () => (await user.problem()) === '这段文字没有通过安全检查，请修改')
    await shot('refused')
    same('and is not there', await user.comments(), ['海边的傍晚'])
    const [path] = wire.list().filter((line) => line.startsWith('POST /photos/')).map((line) => line.slice(5))
    same('the server says where', (await wire.lastAnswer('POST', path)).errors.map((one) => [one.pointer, one.code]), [['/text', 'risky']])
    await user.write('【疑似】')
    await until('so is a doubtful one', async () => (await user.problem()) === '这段文字可能不合规，请修改')
    await user.write('真好看')
    await until('the next good one goes', async () => (await user.comments()).join() === '海边的傍晚,真好看')
    same('nothing else was said', await user.problem(), '')
    await phone.page.reload()
    await until('the album is shown', async () => (await user.count()) === 1)
    await user.talk(0)
    await until('and the comments are kept', async () => (await user.comments()).join() === '海边的傍晚,真好看')
  },

  async 'a phone number by code'({ user, until, same, shot, wire, server }) {
    await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
    await user.tap('填入手机号')
    await user.answer('不允许')
    same('who says no sends nothing', wire.count('POST', '/me/phone'), 0)
    await user.tap('填入手机号')
    await user.answer('允许')
    await until('the number is shown, masked', async () => /手机号 \d{3}\*{6}\d{2}/.test(await user.text()))
    await shot('masked')
    same('by one call', wire.count('POST', '/me/phone'), 1)
    same('and its code is in no log', /code.{0,9}[0-9a-f]{32}/i.test(server.log()), false)
  },

  async 'a dialogue that is closed, and a network that is away'({ user, until, server, phone }) {
    await until('an empty album is shown', async () => (await user.text()).includes('还没有照片'))
    await server.stop()
    await user.choose(DIRECT.button, plainPicture('红.png', 64, 64))
    await until('the failure is said', async () => (await user.toast()) === '网络连不上，请稍后再试')
    await server.start()
    await user.choose(DIRECT.button, plainPicture('红.png', 64, 64))
    await until('and the next one goes', async () => (await user.count()) === 1)
    await phone.page.reload()
    await until('it is kept', async () => (await user.shown()) === 1)
  },
}
