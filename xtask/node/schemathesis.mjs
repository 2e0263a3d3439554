import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './command-line.mjs'
import { startApi, USER } from './contract/api.mjs'
import { operations } from './contract/document.mjs'
import { same } from './contract/lies.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node schemathesis.mjs --python <folder> --server <command> [--role <name>]... [--liar <command> --lie <operation>...]
                             [--seed <number>] [--examples <number>]

Schemathesis against a running server and the document that it serves, logged in: every check, every phase, no failure and
no warning; every operation must have succeeded at least once, and every check must have been made.

  --python    the virtual environment that has Schemathesis
  --server    starts the server, e.g. "target/debug/todo"
  --role      a role of the user who calls
  --liar      starts a server whose document is wrong about some operations
  --lie       one of those, as in "POST /seats": all are found, and no other
  --seed      the seed of the random values (default 1)
  --examples  how many of them for each operation (default 60)`,
  {
    python: { type: 'string', required: true },
    server: { type: 'string', required: true },
    role: { type: 'string', multiple: true, default: [] },
    liar: { type: 'string' },
    lie: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    examples: { type: 'string', default: '60' },
  },
)

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'positive_data_acceptance',
  'missing_required_header',
  'unsupported_method',
  'allow_header_conformance',
  'use_after_free',
  'ensure_resource_availability',
  'ignored_auth',
  'object_level_authorization',
]
const PHASES = ['examples', 'coverage', 'fuzzing', 'stateful']

const here = path.dirname(fileURLToPath(import.meta.url))
const report = createReport('schemathesis')

const honest = await run(options.server, options.role)
report.check('Schemathesis finds no failure', honest.failures.length === 0 && honest.exitCode === 0, honest.told)
report.check('it runs to its end without an error or a warning', honest.complete && honest.problems.length === 0, honest.problems.join('\n'))
report.check('in every phase', PHASES.every((phase) => ['success', 'skip'].includes(honest.phases[phase]?.status)), JSON.stringify(honest.phases))
for (const phase of PHASES.slice(1)) {
  report.check(`${phase}: ${honest.exchanges[phase] ?? 0} calls`, honest.exchanges[phase] > 0)
}
for (const check of CHECKS) report.check(`${check} was checked`, honest.checks.has(check))
for (const { name } of honest.operations) {
  const statuses = honest.statuses.get(name) ?? new Set()
  const told = [...statuses].sort().join(', ')
  report.check(`${name}: ${told}`, [...statuses].some((status) => status < 300), 'no call succeeded')
}
if (options.liar) {
  const found = (await run(options.liar, [])).failures
  // What a chain of calls finds has no operation's name; it is found in a call by itself too.
  const lies = found.flatMap((failure) => failure.operations).filter((name) => name !== 'Stateful tests')
  report.check(`the planted lies are found at ${options.lie.join(' and ')}, and nowhere else`, same(lies, options.lie), JSON.stringify(found))
  for (const type of ['UndefinedStatusCode', 'JsonSchemaError']) {
    report.check(`a lie is a ${type}`, found.some((failure) => failure.type === type), JSON.stringify(found))
  }
}
report.finish()

async function run(command, roles) {
  const api = await startApi(command, roles)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-schemathesis-'))
  try {
    const document = await api.document()
    const args = [
      'run',
      `${api.url}/openapi.json`,
      ...['--checks', 'all', '--mode', 'all', '--phases', PHASES.join(',')],
      ...['--seed', options.seed, '--max-examples', options.examples],
      '--continue-on-failure',
      // A run depends on its seed alone.
      ...['--generation-database', 'none'],
      ...['--request-timeout', '30'],
      ...['--report', 'json,ndjson', '--report-json-path', 'report.json', '--report-ndjson-path', 'events.ndjson'],
      '--no-color',
    ]
    const child = spawn(path.resolve(options.python, 'bin/st'), args, {
      // An empty folder: no settings of somebody else.
      cwd: folder,
      env: {
        ...process.env,
        PYTHONPATH: path.join(here, '../python'),
        SCHEMATHESIS_HOOKS: 'queqiao_hooks',
        QUEQIAO_SERVER: api.url,
        QUEQIAO_EMULATOR: api.emulator,
        QUEQIAO_USER: USER,
        PYTHONDONTWRITEBYTECODE: '1',
        COLUMNS: '140',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let told = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { told += text })
    const [exitCode] = await once(child, 'close')
    const result = path.join(folder, 'report.json')
    if (!fs.existsSync(result)) throw new Error(`Schemathesis gave no report (exit code ${exitCode}):\n${told}`)
    const summary = JSON.parse(fs.readFileSync(result, 'utf8'))
    const problems = [
      ...summary.errors.map((error) => JSON.stringify(error)),
      ...Object.entries(summary.warnings).flatMap(([kind, found]) => found.map((one) => `warning ${kind}: ${JSON.stringify(one)}`)),
    ]
    return { exitCode, told, problems, ...summary, operations: operations(document), ...read(path.join(folder, 'events.ndjson')) }
  } finally {
    await api.end()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** What was answered to which operation, and which checks were made. */
function read(file) {
  const statuses = new Map()
  const checks = new Set()
  const exchanges = {}
  for (const line of fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const scenario = JSON.parse(line).ScenarioFinished
    const { cases = {}, interactions = {}, checks: made = {} } = scenario?.recorder ?? {}
    for (const [id, { response }] of Object.entries(interactions)) {
      exchanges[scenario.phase] = (exchanges[scenario.phase] ?? 0) + 1
      const { method, path } = cases[id]?.value ?? {}
      const operation = `${method} ${path}`
      if (response) statuses.set(operation, (statuses.get(operation) ?? new Set()).add(response.status_code))
    }
    for (const one of Object.values(made).flat()) checks.add(one.name)
  }
  return { statuses, checks, exchanges }
}
