import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { validate } from '@hyperjump/json-schema/openapi-3-1'
import { readOptions } from './command-line.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node openapi-lint.mjs --document <openapi.json>... [--valid <openapi.json>]...

Validates OpenAPI documents against the meta-schema of OpenAPI 3.1 with its base dialect, and lints them with Redocly
(recommended) and Spectral (spectral:oas): no error, no warning. Each broken document in mistakes/openapi/<check> must be
refused by that check; those in mistakes/openapi/linters by both linters. A --valid document is only validated: the linters
do not know every keyword of JSON Schema.`,
  { document: { type: 'string', multiple: true, required: true }, valid: { type: 'string', multiple: true } },
)

const here = path.dirname(fileURLToPath(import.meta.url))
const linters = { redocly, spectral }
const checks = { 'meta-schema': metaSchema, ...linters }
const report = createReport('openapi-lint')
for (const document of options.document) {
  for (const [name, check] of Object.entries(checks)) {
    const problems = await check(path.resolve(document))
    report.check(`${document}: ${name} finds nothing`, problems.length === 0, problems.join('\n'))
  }
}
for (const document of options.valid ?? []) {
  const problems = await metaSchema(path.resolve(document))
  report.check(`${document}: meta-schema finds nothing`, problems.length === 0, problems.join('\n'))
}
for (const [folder, refusing] of Object.entries({ linters, 'meta-schema': { 'meta-schema': metaSchema } })) {
  for (const file of fs.readdirSync(path.join(here, 'mistakes/openapi', folder))) {
    for (const [name, check] of Object.entries(refusing)) {
      const problems = await check(path.join(here, 'mistakes/openapi', folder, file))
      report.check(`mistake ${file}: ${name} refuses it`, problems.length > 0)
    }
  }
}
report.finish()

/** `schema-base` is the meta-schema together with the dialect of its schemas. */
async function metaSchema(document) {
  const value = JSON.parse(fs.readFileSync(document, 'utf8'))
  const { valid, errors } = await validate('https://spec.openapis.org/oas/3.1/schema-base', value, 'BASIC')
  return valid ? [] : [...new Set(errors.map((one) => `${one.instanceLocation}: ${one.absoluteKeywordLocation}`))]
}

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
