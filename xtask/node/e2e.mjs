import fs from 'node:fs'
import path from 'node:path'
import { buildForBrowser } from './browser/build.mjs'
import { readOptions } from './command-line.mjs'
import { createPhones } from './e2e/phone.mjs'
import { createServer } from './e2e/server.mjs'
import * as album from './e2e/album-scenarios.mjs'
import * as hello from './e2e/hello-scenarios.mjs'
import * as taro from './e2e/taro-scenarios.mjs'
import * as todo from './e2e/todo-scenarios.mjs'
import { createReport } from './report.mjs'

const EXAMPLES = { album, hello, taro, todo }
const options = readOptions(
  `
usage: node e2e.mjs --server <command> --miniprogram <folder> [--example todo|hello|album|taro] [--screenshots <folder>]
                    [--only <text>] [--env NAME=VALUE]...

Taps through an example's mini-program in headless Chromium, on WeChat's component framework, against a real server.

  --server       starts the server, e.g. "target/debug/todo"; it gets PORT and EMULATOR_PORT and an empty folder to run in
  --miniprogram  the mini-program with its generated client in api/
  --example      whose scenarios to play (default todo)
  --screenshots  a folder for PNG pictures
  --only         runs the scenarios whose name contains this text
  --env          another variable for the server; {data} stands for its folder
CHROMIUM names the browser (default /usr/bin/chromium).`,
  {
    server: { type: 'string', required: true },
    miniprogram: { type: 'string', required: true },
    example: { type: 'string', choices: Object.keys(EXAMPLES), default: 'todo' },
    screenshots: { type: 'string' },
    only: { type: 'string', default: '' },
    env: { type: 'string', multiple: true, default: [] },
  },
)

const { scenarios, createApi, createUser } = EXAMPLES[options.example]
const report = createReport(`e2e ${options.example}`)
const server = await createServer(options.server, options.env)
// What looks at the traffic of the phones, where prism.mjs runs this.
const proxy = process.env.QUEQIAO_TEST_PROXY
const reached = proxy ? { ...server, url: `${proxy}/${new URL(server.url).port}` } : server
const phones = await createPhones(await buildForBrowser(options.miniprogram))
try {
  await server.start()
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (name.includes(options.only)) await play(name, scenario)
  }
} finally {
  await phones.close()
  await server.stop()
  server.removeData()
}
report.finish()

async function play(name, scenario) {
  const userName = name.replaceAll(/\W+/g, '-')
  const phone = await phones.open({ server: reached, user: userName })
  let pictures = 0
  const tools = {
    phone,
    server,
    wire: phone.wire,
    user: createUser(phone.page),
    api: createApi(server, userName),
    until: (what, condition) => until(what, condition),
    same: (what, found, expected) =>
      report.check(`${name}: ${what}`, JSON.stringify(found) === JSON.stringify(expected), `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`),
    /** A picture of the phone's screen, or of another page, the whole of it. */
    shot: async (label, page = phone.page) => {
      if (!options.screenshots) return
      fs.mkdirSync(options.screenshots, { recursive: true })
      pictures += 1
      await page.screenshot({ fullPage: page !== phone.page, path: path.join(options.screenshots, `${userName}-${pictures}-${label}.png`) })
    },
  }

  /** A condition that comes true within twenty seconds: the machine may be busy. The scenario cannot go on without it. */
  async function until(what, condition) {
    for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resume) => setTimeout(resume, 25))) {
      if (await condition()) {
        report.check(`${name}: ${what}`, true)
        return
      }
    }
    throw new Error(`not within twenty seconds: ${what}`)
  }

  try {
    await scenario(tools)
  } catch (error) {
    await tools.shot('failed')
    const screen = await phone.page.locator('body').innerText()
    report.check(`${name}: runs to its end`, false, `${error.message}\nscreen:\n${screen}\nwire:\n${phone.wire.list().join('\n')}\nserver's last lines:\n${server.log().slice(-2000)}`)
  }
  report.check(`${name}: no uncaught error`, phone.crashes.length === 0, phone.crashes.join('\n'))
  await phone.close()
}
