import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import * as esbuild from 'esbuild'
import { readOptions } from '../../xtask/node/command-line.mjs'
import { contract } from './contract.mjs'
import { createHost } from './host.mjs'
import { SCENARIOS } from './scenarios.mjs'

const options = readOptions(
  `
usage: node run.mjs --contract <file> | --client <folder> [--json] [--record <folder>] [--check <file>]

Puts the request layers that mini-programs use to the same tests as the generated client, each in a host of its own.

  --contract  writes the OpenAPI document of the server, to generate the client from
  --client    the generated client
  --json      the outcomes for programs
  --record    a folder for results.json and results.md
  --check     a file that must quote the table; exit 1 if it does not`,
  {
    contract: { type: 'string' },
    client: { type: 'string' },
    json: { type: 'boolean', default: false },
    record: { type: 'string' },
    check: { type: 'string' },
  },
)

const here = path.dirname(fileURLToPath(import.meta.url))
const { devDependencies } = JSON.parse(fs.readFileSync(path.join(here, 'package.json'), 'utf8'))
const LAYERS = [
  { name: 'queqiao', file: 'queqiao.js', shown: 'generated client' },
  { name: 'wx-promise-request', file: 'wx-promise-request.js', shown: `wx-promise-request ${devDependencies['wx-promise-request']}` },
  { name: 'luch-request', file: 'luch-request.js', shown: `luch-request ${devDependencies['luch-request']}` },
  { name: 'alova', file: 'alova.js', shown: `alova ${devDependencies.alova} with adapter-uniapp ${devDependencies['@alova/adapter-uniapp']}` },
  { name: '@mpxjs/fetch', file: 'mpxjs-fetch.js', shown: `@mpxjs/fetch ${devDependencies['@mpxjs/fetch']}` },
]

if (options.contract) {
  fs.mkdirSync(path.dirname(options.contract), { recursive: true })
  fs.writeFileSync(options.contract, JSON.stringify(contract))
} else {
  await compare()
  // Timers of the layers, such as the limit of a login, would keep the process for a minute.
  process.exit()
}

async function compare() {
  const results = []
  for (const { name, file, shown } of LAYERS) {
    const script = await bundle(file)
    const outcomes = {}
    let session
    for (const [key, scenario] of Object.entries(SCENARIOS)) {
      const { client, server } = load(script)
      session = client.session
      await client.getItem('first').promise
      server.reset()
      const found = await within(name, key, scenario.play(client, server))
      outcomes[key] = { right: scenario.right(found), told: scenario.tell(found), found }
    }
    results.push({ name, shown, session, outcomes })
  }
  const table = markdown(results)
  if (options.record) {
    fs.writeFileSync(path.join(options.record, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
    fs.writeFileSync(path.join(options.record, 'results.md'), table)
  }
  console.log(options.json ? JSON.stringify(results, null, 2) : table)
  const lost = results.filter(({ name, outcomes }) => name === 'queqiao' && Object.values(outcomes).some(({ right }) => !right))
  if (lost.length > 0) fail('the generated client does not do all that it should')
  if (options.check && !fs.readFileSync(options.check, 'utf8').includes(table)) fail(`${options.check} does not quote this table; bench/peers/results.md has it`)
}

function fail(why) {
  console.error(why)
  process.exitCode = 1
}

async function bundle(file) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [path.join(here, 'clients', file)],
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'es2020',
    logLevel: 'error',
    mainFields: ['module', 'main'],
    alias: options.client ? { 'generated-client': path.resolve(options.client, 'index.js') } : {},
    define: { __mpx_mode__: '"wx"', __mpx_env__: '""', 'process.env.NODE_ENV': '"production"' },
  })
  return outputFiles[0].text
}

/** A fresh start of the mini-program: nothing of an earlier scenario is left. */
function load(script) {
  const { wx, server } = createHost()
  const module = { exports: {} }
  const globals = { wx, uni: wx, console, setTimeout, clearTimeout, Promise, module, exports: module.exports }
  vm.runInContext(script, vm.createContext(globals), { filename: 'mini-program.js' })
  return { client: module.exports, server }
}

function within(name, key, promise) {
  const limit = new Promise((_, reject) => setTimeout(() => reject(new Error(`${name}, ${key}: no end within 5 s`)), 5000).unref())
  return Promise.race([promise, limit])
}

function markdown(results) {
  const row = (cells) => `| ${cells.join(' | ')} |`
  const lines = [row(['', ...results.map(({ shown }) => shown)]), row(['---', ...results.map(() => '---')])]
  lines.push(row(['Login and replay', ...results.map(({ session }) => session)]))
  for (const [key, { title }] of Object.entries(SCENARIOS)) {
    lines.push(row([title, ...results.map(({ outcomes }) => `${outcomes[key].right ? '✓' : '✗'} ${outcomes[key].told}`)]))
  }
  return `${lines.join('\n')}\n`
}
