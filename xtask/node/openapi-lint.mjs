import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './command-line.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node openapi-lint.mjs --document <openapi.json>...

Lints OpenAPI documents with Redocly (recommended) and Spectral (spectral:oas): no error, no warning.
The broken document in mistakes/openapi must be refused by both.`,
  { document: { type: 'string', multiple: true, required: true } },
)

const here = path.dirname(fileURLToPath(import.meta.url))
const linters = { redocly, spectral }
const report = createReport('openapi-lint')
for (const document of options.document) {
  for (const [name, lint] of Object.entries(linters)) {
    const problems = lint(path.resolve(document))
    report.check(`${document}: ${name} finds nothing`, problems.length === 0, problems.join('\n'))
  }
}
for (const document of fs.readdirSync(path.join(here, 'mistakes/openapi'))) {
  for (const [name, lint] of Object.entries(linters)) {
    report.check(`mistake ${document}: ${name} refuses it`, lint(path.join(here, 'mistakes/openapi', document)).length > 0)
  }
}
report.finish()

function redocly(document) {
  const rules = path.join(here, 'redocly.yaml')
  const { problems } = run('redocly', ['lint', document, '--config', rules, '--format', 'json'])
  return problems.map((one) => `${one.location?.[0]?.pointer ?? ''}: ${one.message} (${one.ruleId})`)
}

function spectral(document) {
  const rules = path.join(here, 'spectral.yaml')
  return run('spectral', ['lint', document, '--ruleset', rules, '--format', 'json', '--fail-severity', 'hint', '--quiet']).map(
    (one) => `#/${one.path.join('/')}: ${one.message} (${one.code})`,
  )
}

// A linter that ends without a report has not said that the document is right.
function run(linter, args) {
  const { stdout, stderr } = spawnSync(path.join(here, 'node_modules/.bin', linter), args, {
    cwd: os.tmpdir(),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  })
  const json = /^[[{].*/ms.exec(stdout)
  if (!json) throw new Error(`${linter} gave no report:\n${stdout}${stderr}`)
  return JSON.parse(json[0])
}
