import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { minify } from 'terser'
import { readOptions } from '../../xtask/node/command-line.mjs'
import { core, everything, foreign, server, shop } from './contracts.mjs'

const options = readOptions(
  `
usage: node measure.mjs --generator <program> --work <folder> [--documents <folder>] [--time] [--json] [--record <folder>]

Minifies generated clients with terser and weighs them against the budget. Ends with 1 if one of them is too heavy or too slow.

  --generator  the program of this folder's Cargo.toml
  --work       a folder for documents and clients
  --documents  public OpenAPI documents, as documents.mjs has collected them
  --time       also times the generator and orval, which \`npm ci\` in orval/ has installed; build the generator with --release
  --json       the result for programs
  --record     a folder for sizes.json and sizes.md; without --time, the times stay those that it has
  --recorded   a sizes.json: what exceeds its budget there already may do so, but not be heavier than it is there`,
  {
    generator: { type: 'string', required: true },
    work: { type: 'string', required: true },
    documents: { type: 'string' },
    time: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'string' },
    recorded: { type: 'string' },
  },
)

/** What must hold; bytes after terser, and milliseconds. */
const BUDGET = { core: 4096, parts: 8192, operation: 30, generation: 50 }
/** The options of the mini-program builds that minify: ES5, names of the module's own. */
const TERSER = { ecma: 5, toplevel: true, compress: { passes: 3 } }
const RUNS = 9
const PARTS = ['retry', 'share', 'background', 'hooks', 'users', 'language', 'timer']

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.join(here, '../..')
const work = path.resolve(options.work)
const documents = { core: core(), server: server({}), direct: server({ direct: true }), messages: server({ messages: true }), 'whole server': server({ direct: true, messages: true }), foreign: foreign(), everything: everything({ beyond: false }), all: everything({ beyond: true }), 'shop-0': shop(0), 'shop-1000': shop(1000) }

const clients = generate([
  wish('core', 'core', { without: PARTS }),
  ...PARTS.map((part) => wish(`core and ${part}`, 'core', { without: PARTS.filter((other) => other !== part) })),
  wish('core and all of these', 'core'),
  wish('server', 'server'),
  wish('direct', 'direct'),
  wish('messages', 'messages'),
  wish('whole server', 'whole server'),
  wish('foreign', 'foreign'),
  wish('everything', 'everything'),
  wish('container', 'everything', { container: true }),
  wish('all', 'all'),
  wish('shop-0', 'shop-0', { without: PARTS }),
  wish('shop-1000', 'shop-1000', { without: PARTS, runs: options.time ? RUNS : 0 }),
  ...['hello', 'todo', 'album'].map((example) => ({ ...wish(`example ${example}`, ''), document: path.join(root, 'examples', example, 'openapi.json') })),
  ...publicDocuments(),
])
for (const client of clients) {
  client.index = await weight(client, 'index.js')
  client.runtime = await weight(client, 'runtime.js')
}

const by = (name) => clients.find((client) => client.name === name)
const thousand = by('shop-1000')
const perOperation = (thousand.index - by('shop-0').index - (thousand.namesAndPaths - by('shop-0').namesAndPaths)) / (thousand.operations - by('shop-0').operations)
const result = {
  measured: [
    measured('core runtime: login, queue, errors, replay', 'bytes', by('core').runtime, BUDGET.core),
    measured('all parts that a queqiao server uses, but uploads past it and messages', 'bytes', by('server').runtime, BUDGET.parts),
    measured('all parts that the document of another framework uses: PATCH, forms, styles, API keys, Basic', 'bytes', by('foreign').runtime, BUDGET.parts),
    measured('all of both rows above, as hardly a contract has them', 'bytes', by('everything').runtime, BUDGET.parts),
    measured('the same by callContainer, which takes no files', 'bytes', by('container').runtime, BUDGET.parts),
    measured('all parts that a queqiao server uses', 'bytes', by('whole server').runtime, BUDGET.parts),
    measured('everything at once', 'bytes', by('all').runtime, BUDGET.parts),
    measured('an operation beyond its name and path, of 1,000', 'bytes', round(perOperation), BUDGET.operation),
  ],
  parts: [
    ...PARTS.map((part) => ({ part, bytes: by(`core and ${part}`).runtime - by('core').runtime })),
    { part: 'uploads past the server', bytes: by('direct').runtime - by('server').runtime },
    { part: 'subscribe', bytes: by('messages').runtime - by('server').runtime },
  ],
  clients: clients
    .filter(({ name }) => /^(shop-1000|example |document )/.test(name))
    .map(({ name, operations, index, runtime }) => ({ name, operations, index, runtime })),
  // A part that no contract here uses would not be weighed.
  unweighed: unweighedParts(),
}
if (options.time) {
  result.measured.push(measured('1,000 operations generated (processor time)', 'ms', round(thousand.milliseconds), BUDGET.generation))
  const orval = timeOrval(path.join(work, 'documents', 'shop-1000.json'))
  result.orval = { version: orval.version, milliseconds: round(orval.milliseconds), ratio: round(orval.milliseconds / thousand.milliseconds) }
  result.machine = `${os.cpus().length} cores, ${os.cpus()[0].model.trim()}`
}
if (options.record && !options.time) keepTimes(JSON.parse(fs.readFileSync(path.join(options.record, 'sizes.json'), 'utf8')))
const allowed = options.recorded ? JSON.parse(fs.readFileSync(options.recorded, 'utf8')).measured : []
const limit = ({ what, budget }) => Math.max(budget, allowed.find((one) => one.what === what)?.value ?? 0)
const heavier = result.measured.filter((one) => one.value > limit(one))
const within = heavier.length === 0 && result.unweighed.length === 0

if (options.record) record(options.record)
console.log(options.json ? JSON.stringify({ within, ...result }, null, 2) : table())
for (const one of heavier) {
  console.error(`${one.what}: ${one.value} ${one.unit}, and ${limit(one)} are allowed. Make it smaller, or record it: cargo xtask bench client`)
}
process.exitCode = within ? 0 : 1

function keepTimes({ measured, orval, machine }) {
  result.measured.push(...measured.filter(({ unit }) => unit === 'ms'))
  Object.assign(result, { orval, machine, timesFromBefore: true })
}

function wish(name, document, more = {}) {
  return { name, document: path.join(work, 'documents', `${document}.json`), out: path.join(work, 'clients', name), runs: 0, ...more }
}

function publicDocuments() {
  if (!options.documents) return []
  return fs.readdirSync(options.documents).sort().map((file) => ({ ...wish(`document ${path.parse(file).name}`, ''), document: path.resolve(options.documents, file) }))
}

function generate(wishes) {
  fs.mkdirSync(path.join(work, 'documents'), { recursive: true })
  for (const [name, document] of Object.entries(documents)) fs.writeFileSync(path.join(work, 'documents', `${name}.json`), JSON.stringify(document))
  const plan = path.join(work, 'plan.json')
  fs.writeFileSync(plan, JSON.stringify(wishes))
  const made = JSON.parse(output(path.resolve(options.generator), [plan]))
  return made.map((one, index) => ({ ...one, out: wishes[index].out }))
}

async function weight({ out }, file) {
  const { code } = await minify(fs.readFileSync(path.join(out, file), 'utf8'), TERSER)
  return Buffer.byteLength(code)
}

/** The functions of codegen/client that the runtime of `all` does not hold. */
function unweighedParts() {
  const runtime = fs.readFileSync(path.join(by('all').out, 'runtime.js'), 'utf8')
  const folder = path.join(root, 'codegen/client')
  return fs.readdirSync(folder).filter((file) => file.endsWith('.js')).flatMap((file) =>
    [...fs.readFileSync(path.join(folder, file), 'utf8').matchAll(/^function (\w+)/gm)].map(([, name]) => name).filter((name) => !runtime.includes(`function ${name}(`)).map((name) => `${file}: ${name}`),
  )
}

function timeOrval(document) {
  const told = output(process.execPath, [path.join(here, 'orval/time.mjs'), document, path.join(work, 'orval'), '3'])
  // orval has words of its own.
  return JSON.parse(told.trim().split('\n').at(-1))
}

function output(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`)
  return stdout
}

function measured(what, unit, value, budget) {
  return { what, unit, value, budget }
}

function round(value) {
  return Math.round(value * 10) / 10
}

function record(folder) {
  fs.writeFileSync(path.join(folder, 'sizes.json'), `${JSON.stringify(result, null, 2)}\n`)
  fs.writeFileSync(path.join(folder, 'sizes.md'), `# What the generated client weighs

Minified by terser; \`cargo xtask bench client\` measures it and says what each row means.

${table()}`)
}

function table() {
  const lines = ['| | measured | budget |', '| --- | ---: | ---: |']
  for (const { what, unit, value, budget } of result.measured) lines.push(`| ${what} | ${value} ${unit} | ${budget} ${unit}${value <= budget ? '' : ', **exceeded**'} |`)
  if (result.orval) lines.push('', `orval ${result.orval.version} needs ${result.orval.milliseconds} ms for the same document, ${result.orval.ratio} times as long (${result.machine}).`)
  if (result.timesFromBefore) lines.push('', 'The times are those of an earlier run.')
  lines.push('', '| part beyond the core | bytes |', '| --- | ---: |')
  for (const { part, bytes } of result.parts) lines.push(`| ${part} | ${bytes} |`)
  lines.push('', '| client | operations | index.js | runtime.js |', '| --- | ---: | ---: | ---: |')
  for (const { name, operations, index, runtime } of result.clients) lines.push(`| ${name} | ${operations} | ${index} | ${runtime} |`)
  for (const one of result.unweighed) lines.push('', `**Not weighed**: ${one}. Let a contract of bench/client/contracts.mjs use it.`)
  return `${lines.join('\n')}\n`
}
