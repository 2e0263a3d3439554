import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import yaml from 'yaml'
import { readOptions } from './command-line.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node documents.mjs --collect <folder> | --typecheck <folder>

The public OpenAPI documents that the generator is tested with, each from a package that ships it.

  --collect    writes each document as JSON into the folder
  --typecheck  checks the client of each document (<folder>/<document>/api) with tsc strict and WeChat's typings`,
  { collect: { type: 'string' }, typecheck: { type: 'string' } },
)

/** Which document by which maker; the names are those of the table that the step `documents` prints. */
const DOCUMENTS = {
  github: '@octokit/openapi/generated/api.github.com.json',
  gitbook: '@gitbook/api/spec/openapi.json',
  directus: '@directus/specs/dist/openapi.json',
  dialogporten: '@digdir/dialogporten-schema/swagger.verified.json',
  figma: '@figma/rest-api-spec/openapi/openapi.yaml',
  blockfrost: '@blockfrost/openapi/openapi.yaml',
  galaxy: '@scalar/galaxy/dist/latest.json',
  stapi: '@readme/oas-examples/3.0/json/star-trek.json',
  readme: '@readme/oas-examples/3.1/json/readme.json',
  'readme-legacy': '@readme/oas-examples/3.0/json/readme-legacy.json',
  'train-travel': '@readme/oas-examples/3.1/json/train-travel.json',
  petstore: '@readme/oas-examples/3.1/json/petstore.json',
  'petstore-3.0': '@readme/oas-examples/3.0/json/petstore.json',
  uspto: '@readme/oas-examples/3.0/json/uspto.json',
  // Made to show one feature each.
  discriminators: '@readme/oas-examples/3.0/json/discriminators.json',
  polymorphism: '@readme/oas-examples/3.0/json/polymorphism.json',
  'parameter-styles': '@readme/oas-examples/3.1/json/parameters-style.json',
  'form-styles': '@readme/oas-examples/3.1/json/schema-encoding-style.json',
  'schema-types': '@readme/oas-examples/3.1/json/schema-types.json',
  'schema-circular': '@readme/oas-examples/3.0/json/schema-circular.json',
  'circular-paths': '@readme/oas-examples/3.0/json/circular-paths.json',
  security: '@readme/oas-examples/3.1/json/security.json',
  servers: '@readme/oas-examples/3.0/json/server-variables.json',
}

const here = path.dirname(fileURLToPath(import.meta.url))
if (options.collect) collect(options.collect)
if (options.typecheck) typecheck(options.typecheck)

function collect(folder) {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  for (const [name, file] of Object.entries(DOCUMENTS)) {
    const text = fs.readFileSync(path.join(here, 'node_modules', file), 'utf8').replace(/^\uFEFF/, '')
    const document = file.endsWith('.yaml') ? yaml.parse(text, { maxAliasCount: -1 }) : JSON.parse(text)
    fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(document))
  }
}

function typecheck(folder) {
  const report = createReport('documents')
  const clients = fs.readdirSync(folder).map((name) => path.join(folder, name, 'api', 'index.d.ts'))
  const program = ts.createProgram(clients, {
    strict: true,
    noEmit: true,
    // Declarations are what is to be checked.
    skipLibCheck: false,
    target: ts.ScriptTarget.ES2017,
    lib: ['lib.es2017.d.ts'],
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    typeRoots: [path.join(here, 'node_modules')],
    types: ['miniprogram-api-typings'],
  })
  const found = ts.getPreEmitDiagnostics(program)
  for (const client of clients) {
    const own = found.filter((one) => one.file && path.resolve(one.file.fileName) === path.resolve(client))
    report.check(`${client}: correct`, own.length === 0, own.slice(0, 10).map(shown).join('\n'))
  }
  const others = found.filter((one) => !one.file || !clients.some((client) => path.resolve(client) === path.resolve(one.file.fileName)))
  report.check('nothing else is wrong', others.length === 0, others.slice(0, 10).map(shown).join('\n'))
  report.finish()
}

function shown(diagnostic) {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  if (!diagnostic.file) return `TS${diagnostic.code}: ${text}`
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
  return `${diagnostic.file.fileName}:${line + 1}:${character + 1} TS${diagnostic.code}: ${text}`
}
