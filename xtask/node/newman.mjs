import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import newman from 'newman'
import Converter from 'openapi-to-postmanv2'
import { readOptions } from './command-line.mjs'
import { startApi } from './contract/api.mjs'
import { createJudge, operations } from './contract/document.mjs'
import { same } from './contract/lies.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node newman.mjs --server <command>... [--role <name>]... [--export <command>] [--liar <command> --lie <operation>...]

Converts the document of each running server to a Postman collection (openapi-to-postmanv2), gives it what a user would
type (a login code, an id that an answer had), and runs it (newman). Every operation must succeed, and without a token be
refused; status, media type and body of every answer must be as the document says. Then runs our own export of the document
as it is: every operation must succeed, with assertions of its own, which hold.

  --server  starts a server, e.g. "target/debug/todo"
  --role    a role of the user who calls
  --export  \`cargo queqiao export\`; it gets --openapi, --format postman and where to write to
  --liar    starts a server whose document is wrong about some operations
  --lie     one of those, as in "POST /seats": all are found, and no other`,
  {
    server: { type: 'string', multiple: true, required: true },
    role: { type: 'string', multiple: true, default: [] },
    export: { type: 'string' },
    liar: { type: 'string' },
    lie: { type: 'string', multiple: true, default: [] },
  },
)

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
const report = createReport('newman')
for (const command of options.server) {
  const { all, found, exported } = await examine(command, options.role)
  for (const { name, definition } of all) {
    const own = found.filter((one) => one.operation.name === name)
    const good = own.find((one) => one.loggedIn)
    report.check(`${command}: ${name} succeeds (${good?.status})`, good?.status < 300, good?.body)
    if (definition.security?.some((scheme) => Object.keys(scheme).length > 0) && !definition.security.some((scheme) => Object.keys(scheme).length === 0)) {
      const refused = own.find((one) => !one.loggedIn)
      report.check(`${command}: ${name} without a token is 401`, refused?.status === 401, refused?.body)
    }
    const lies = own.flatMap((one) => one.lies)
    report.check(`${command}: ${name} answers as documented, ${own.length} times`, own.length > 0 && lies.length === 0, lies.join('\n'))
    if (!exported) continue
    const runs = exported.filter((one) => one.operation?.name === name)
    const assertions = runs.flatMap((one) => one.assertions)
    report.check(`${command}: ${name} succeeds in our export (${runs[0]?.status})`, runs.length === 1 && runs[0].status < 300, runs[0]?.body)
    const needed = runs[0]?.body ? 3 : 1
    report.check(`${command}: ${name} has ${assertions.length} assertions there, which hold`, assertions.length >= needed && assertions.every(({ failure }) => !failure), shown(assertions))
  }
}
if (options.liar) {
  const { found, exported } = await examine(options.liar, [])
  const lies = found.filter((one) => one.lies.length > 0)
  const names = lies.map((one) => one.operation.name)
  report.check(`the planted lies are found at ${options.lie.join(' and ')}, and nowhere else`, same(names, options.lie), JSON.stringify(lies.map((one) => one.lies)))
  if (exported) {
    const failed = exported.filter(({ assertions }) => assertions.some(({ failure }) => failure))
    const names = failed.map(({ operation }) => operation?.name)
    report.check(`and so by the assertions of our export`, same(names, options.lie), shown(exported.flatMap((one) => one.assertions)))
  }
}
report.finish()

function shown(assertions) {
  return assertions.map(({ name, failure }) => `${name}: ${failure ?? 'holds'}`).join('\n')
}

/** Runs the converted collection twice, with a token and without. */
async function examine(command, roles) {
  const api = await startApi(command, roles)
  try {
    const document = await api.document()
    const all = operations(document)
    const judge = createJudge(document)
    const requests = prepared(await convert(document), document, all)
    const found = []
    for (const loggedIn of [true, false]) {
      const chosen = requests.filter(({ item }) => loggedIn || item.request.auth)
      if (chosen.length === 0) continue
      const items = chosen.map(({ item }) => (loggedIn ? item : { ...item, request: { ...item.request, auth: { type: 'noauth' } } }))
      const answers = await run({ info: { name: document.info.title, schema: SCHEMA }, item: items }, { baseUrl: api.url, code: await api.loginCode() })
      for (const [index, answer] of answers.entries()) {
        const { operation } = chosen[index]
        found.push({ operation, loggedIn, ...answer, lies: judge(operation, answer).map((lie) => `${operation.name} ${lie}`) })
      }
    }
    return { all, found, exported: options.export && (await runExport(api, document, all)) }
  } finally {
    await api.end()
  }
}

async function convert(document) {
  const settings = { folderStrategy: 'Tags', parametersResolution: 'Example', includeAuthInfoInExample: true }
  const result = await new Promise((done, failed) =>
    Converter.convertV2({ type: 'json', data: structuredClone(document) }, settings, (error, result) => (error ? failed(error) : done(result))),
  )
  if (!result.result) throw new Error(`openapi-to-postmanv2 refuses the document: ${result.reason}`)
  return result.output[0].data
}

/** The collection's requests in an order in which each can succeed, with what their user would type. */
function prepared(collection, document, all) {
  const facts = document.components?.securitySchemes?.login?.['x-queqiao-login'] ?? {}
  const parameters = new Set(all.flatMap(({ path }) => [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name)))
  const requests = flat(collection.item).map((item) => {
    const path = `/${item.request.url.path.join('/')}`.replaceAll(/:([^/]+)/g, '{$1}')
    const operation = all.find((one) => one.path === path && one.method === item.request.method)
    if (!operation) throw new Error(`the collection has ${item.request.method} ${path}, which the document has not`)
    if (operation.id === facts.login) {
      item.request.body.raw = JSON.stringify({ ...JSON.parse(item.request.body.raw), code: '{{code}}' })
    }
    const script = `
      if (pm.response.code >= 300 || !(pm.response.headers.get('content-type') || '').includes('json')) return
      const body = pm.response.json()
      if (${operation.id === facts.login}) pm.collectionVariables.set('bearerToken', body.token)
      for (const name of ${JSON.stringify([...parameters])}) {
        if (body && body[name] !== undefined && pm.request.method === 'POST') pm.collectionVariables.set(name, String(body[name]))
      }`
    item.event = [{ listen: 'test', script: { type: 'text/javascript', exec: [`(function () {${script}\n})()`] } }]
    // No user makes up a cursor, or a version that is to be changed: both come from an answer.
    for (const parameter of item.request.url.query ?? []) parameter.disabled ||= parameter.key === 'cursor'
    for (const header of item.request.header ?? []) header.disabled ||= header.key === 'If-Match'
    for (const variable of item.request.url.variable ?? []) {
      // Of a thing that a request before it made, where one did.
      if (all.some((one) => one.method === 'POST' && operation.path.startsWith(`${one.path}/`))) variable.value = `{{${variable.key}}}`
    }
    return { item, operation }
  })
  const rank = ({ operation }) =>
    operation.id === facts.login ? 0 : operation.id === facts.logout ? 9 : ['POST', 'GET', 'PUT', 'DELETE'].indexOf(operation.method) + 1
  return requests.sort((a, b) => rank(a) - rank(b))
}

function flat(items) {
  return items.flatMap((item) => (item.item ? flat(item.item) : [item]))
}

/** Our own collection as `cargo queqiao export` writes it; only where server and emulator are is said. */
async function runExport(api, document, all) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-newman-'))
  try {
    const file = (name) => path.join(folder, name)
    fs.writeFileSync(file('openapi.json'), JSON.stringify(document))
    const [program, ...args] = options.export.split(' ')
    const places = ['--openapi', file('openapi.json'), '--out', file('collection.json'), '--environment', file('environment.json')]
    const { status, stderr } = spawnSync(program, [...args, '--format', 'postman', '--base-url', api.url, '--emulator', api.emulator, ...places], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${options.export} failed:\n${stderr}`)
    const collection = JSON.parse(fs.readFileSync(file('collection.json'), 'utf8'))
    const answers = await run(collection, {}, JSON.parse(fs.readFileSync(file('environment.json'), 'utf8')))
    return answers.map((answer) => ({ ...answer, operation: all.find((one) => one.matches(answer.method, answer.path)) }))
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** What was answered, in the order of the requests, and what the collection's own scripts say of it. */
async function run(collection, variables, environment) {
  const answers = []
  const envVar = Object.entries(variables).map(([key, value]) => ({ key, value }))
  await new Promise((done, failed) => {
    const runner = newman.run({ collection, environment, envVar, reporters: [], timeoutRequest: 10_000 }, (error, summary) => {
      const broken = error ?? summary.run.failures.find(({ error }) => error.name !== 'AssertionError')?.error
      if (broken) failed(broken)
      else done()
    })
    runner.on('request', (error, { request, response }) => {
      if (error) return failed(error)
      const answer = { status: response.code, mediaType: response.headers.get('content-type') ?? '', body: response.text() }
      answers.push({ ...answer, method: request.method, path: request.url.getPath(), assertions: [] })
    })
    runner.on('assertion', (error, { assertion }) => {
      answers.at(-1)?.assertions.push({ name: assertion, failure: error?.message })
    })
  })
  return answers
}
