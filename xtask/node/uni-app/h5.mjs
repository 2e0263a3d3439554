import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { readOptions } from '../command-line.mjs'
import { createServer } from '../e2e/server.mjs'
import { createReport } from '../report.mjs'

const options = readOptions(
  `
usage: node h5.mjs --server <command> --app <folder>

Taps through the todo pages inside a uni-app, built for browsers, in headless Chromium against a real server: the page code is
that of the native mini-program, the host is uni, and the emulator gives the login codes.

  --server  starts the server, e.g. "target/debug/todo"; it gets PORT and EMULATOR_PORT and an empty folder to run in
  --app     what \`uni build\` has written
CHROMIUM names the browser (default /usr/bin/chromium).`,
  { server: { type: 'string', required: true }, app: { type: 'string', required: true } },
)

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
const report = createReport('uni-app h5')
const server = await createServer(options.server)
const files = await serve(options.app)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // The server does not know this page's origin; in WeChat there is none.
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-web-security'],
})
try {
  await server.start()
  await play()
} finally {
  await browser.close()
  files.close()
  await server.stop()
  server.removeData()
}
report.finish()

async function play() {
  const context = await browser.newContext({ viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true, locale: 'zh-CN' })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const crashes = []
  page.on('pageerror', (error) => crashes.push(String(error.stack ?? error)))
  const wire = []
  page.on('request', (request) => {
    if (request.url().startsWith(server.url) && request.method() !== 'OPTIONS') wire.push(`${request.method()} ${request.url().slice(server.url.length).split('?')[0]}`)
  })
  const count = (line) => wire.filter((one) => one === line).length
  const lines = () => page.locator('.item .title').allInnerTexts()
  const item = (title) => page.locator('.item', { has: page.locator(`.title:has-text("${title}")`) })
  const add = async (title) => {
    await page.locator('.add').tap()
    await page.locator('input').fill(title)
    await page.locator('.save').tap()
    await until(`"${title}" is listed`, async () => (await lines()).includes(title))
  }

  try {
    await page.goto(`http://127.0.0.1:${files.address().port}/?${new URLSearchParams({ api: server.url, emulator: server.emulator, user: 'uni' })}`)
    await until('an empty list is shown', async () => (await page.locator('.notice').innerText()).includes('没有要做的事'))
    same('one silent login', count('POST /auth/login'), 1)
    await add('买米')
    await add('写信')
    same('the newest is first', await lines(), ['写信', '买米'])
    await item('写信').locator('.finish').tap()
    await until('it is done', async () => (await item('写信').locator('.finish').innerText()) === '✓')
    same('one finish was sent', wire.filter((line) => /^PUT .*\/done$/.test(line)).length, 1)

    await page.reload()
    await until('the server has the same list', async () => (await lines()).join() === '写信,买米')
    same('the session comes from the storage', count('POST /auth/login'), 1)

    await server.advanceClock(24 * 3600)
    await item('写信').locator('.remove').tap()
    await page.locator('.uni-modal__btn_primary').tap()
    await until('the deleted one is gone, though the token had expired', async () => (await lines()).join() === '买米')
    same('exactly one more login', count('POST /auth/login'), 2)
    same('the delete was repeated once', wire.filter((line) => line.startsWith('DELETE')).length, 2)
  } catch (error) {
    const screen = await page.locator('body').innerText()
    report.check('runs to its end', false, `${error.message}\nscreen:\n${screen}\nwire:\n${wire.join('\n')}\nserver's last lines:\n${server.log().slice(-2000)}`)
  }
  report.check('no uncaught error', crashes.length === 0, crashes.join('\n'))
}

async function until(what, condition) {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resume) => setTimeout(resume, 25))) {
    if (await condition()) {
      report.check(what, true)
      return
    }
  }
  throw new Error(`not within ten seconds: ${what}`)
}

function same(what, found, expected) {
  report.check(what, JSON.stringify(found) === JSON.stringify(expected), `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
}

async function serve(folder) {
  const server = http.createServer((request, response) => {
    const name = new URL(request.url, 'http://localhost').pathname
    const file = path.join(folder, name === '/' ? 'index.html' : path.normalize(name))
    if (!fs.existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': `${TYPES[path.extname(file)] ?? 'application/octet-stream'}; charset=utf-8` })
    response.end(fs.readFileSync(file))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  return server
}
