// A phone: Chromium showing the mini-program, and what goes over the wire.
import http from 'node:http'
import { chromium } from 'playwright-core'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // WeChat's network stack is not a browser's: it knows no CORS and shows every response header.
  '--disable-web-security',
]

/** @param {{ html: string, script: string }} build */
export async function createPhones(build) {
  const files = await serve(build)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  return {
    /** A phone with empty storage whose WeChat user is `user`. */
    async open({ server, user }) {
      const context = await browser.newContext({ viewport: { width: 375, height: 667 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, locale: 'zh-CN' })
      const page = await context.newPage()
      page.setDefaultTimeout(5000)
      const wire = watchWire(page, server.url)
      const crashes = []
      page.on('pageerror', (error) => crashes.push(String(error.stack ?? error)))
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) crashes.push(message.text())
      })
      const query = new URLSearchParams({ api: server.url, emulator: server.emulator, user })
      await page.goto(`${files.url}/?${query}`)
      return {
        page,
        wire,
        crashes,
        close: () => context.close(),
        /** Something between phone and server answers requests to `path` in its place, until the returned function is called. */
        async intercept(path, answer) {
          const pattern = server.url + path
          await page.route(pattern, (route) => route.fulfill(answer))
          return () => page.unroute(pattern)
        },
        /** A network so slow that requests to `path` stand still until the returned function is called. */
        async holdRequests(path) {
          let release
          const released = new Promise((resolve) => { release = resolve })
          const pattern = server.url + path
          await page.route(pattern, (route) => released.then(() => route.continue()))
          return async () => { release(); await page.unroute(pattern, { behavior: 'wait' }) }
        },
      }
    },
    async close() {
      await browser.close()
      await files.close()
    },
  }
}

/** The requests that a page sends to the server, in order, with their answers as they come. */
function watchWire(page, url) {
  const requests = []
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) return
    requests.push({ request, method: request.method(), path: request.url().slice(url.length) })
  })
  return {
    count: (method, path) => requests.filter((one) => one.method === method && one.path.split('?')[0] === path).length,
    total: () => requests.length,
    list: () => requests.map((one) => `${one.method} ${one.path}`),
    /** The JSON of the last answer to a request. */
    async lastAnswer(method, path) {
      const matching = requests.filter((one) => one.method === method && one.path.split('?')[0] === path)
      return (await matching.at(-1).request.response()).json()
    },
  }
}

async function serve({ html, script }) {
  const server = http.createServer((request, response) => {
    const isScript = request.url.startsWith('/mini-program.js')
    const found = isScript || request.url.split('?')[0] === '/'
    response.writeHead(found ? 200 : 404, { 'content-type': isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8' })
    response.end(isScript ? script : found ? html : '')
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((closed) => { server.close(closed); server.closeAllConnections() }),
  }
}
