import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { readOptions } from './command-line.mjs'
import { startApi } from './contract/api.mjs'
import { same } from './contract/lies.mjs'
import { startPrism } from './contract/prism.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node prism.mjs --document <openapi.json> --run <command>... [--wrong <request>]... [--liar <command> --lie <operation>...]

Runs tests of a generated client with \`prism proxy --errors\` between it and the servers. Prism may find nothing against the
document, in requests and answers; every operation must have been called.

  --document  what the tested server serves
  --run       tests that take QUEQIAO_TEST_PROXY: its address and the server's port, "\${QUEQIAO_TEST_PROXY}/\${port}", stand
              for the server
  --wrong     a request that the tests send wrong on purpose, as in "POST /todos: body.title maxLength": Prism must find it
  --liar      starts a server whose document is wrong about some operations
  --lie       one of those, as in "POST /seats": all are found, and no other`,
  {
    document: { type: 'string', required: true },
    run: { type: 'string', multiple: true, required: true },
    wrong: { type: 'string', multiple: true, default: [] },
    liar: { type: 'string' },
    lie: { type: 'string', multiple: true, default: [] },
  },
)

const report = createReport('prism')
const deliberate = options.wrong.map((text) => {
  const [, operation, location, code] = /^(\S+ \S+): (\S+) (\S+)$/.exec(text) ?? []
  if (!code) throw new Error(`--wrong must look like "POST /todos: body.title maxLength", not "${text}"`)
  return { operation, location, code }
})
const prism = await startPrism(options.document, JSON.parse(fs.readFileSync(options.document, 'utf8')), deliberate)
try {
  for (const command of options.run) {
    const [program, ...args] = command.split(' ')
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, QUEQIAO_TEST_PROXY: prism.url } })
    const [code] = await once(child, 'exit')
    report.check(`through Prism: ${command}`, code === 0, `exit code ${code}`)
  }
} finally {
  await prism.end()
}
const total = [...prism.exchanges.values()].reduce((sum, one) => sum + one, 0)
report.check(`${total} exchanges, and Prism finds nothing`, total > 0 && prism.violations.length === 0, shown(prism.violations))
for (const [operation, count] of prism.exchanges) report.check(`${operation}: ${count} exchanges`, count > 0)
for (const [wrong, count] of prism.caught) report.check(`sent wrong on purpose, and found ${count} times: ${wrong}`, count > 0)
if (options.liar) await liar()
report.finish()

async function liar() {
  const api = await startApi(options.liar)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-prism-'))
  try {
    const document = await api.document()
    const file = path.join(folder, 'openapi.json')
    fs.writeFileSync(file, JSON.stringify(document))
    const between = await startPrism(file, document)
    const authorization = `Bearer ${await api.logIn()}`
    const url = `${between.url}/${new URL(api.url).port}`
    const send = (path, body) =>
      fetch(url + path, { method: body ? 'POST' : 'GET', headers: { authorization, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
    await send('/seats/7')
    await send('/best-seat')
    await send('/seats', { row: 7, free: true })
    await between.end()
    const names = between.violations.map(({ operation }) => operation)
    report.check(`the planted lies are found at ${options.lie.join(' and ')}, and nowhere else`, same(names, options.lie), shown(between.violations))
  } finally {
    await api.end()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function shown(violations) {
  return violations.map(({ operation, problem }) => `${operation}: ${JSON.stringify(problem)}`).join('\n')
}
