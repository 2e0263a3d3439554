import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { readOptions } from './command-line.mjs'
import { expectedRefusal } from './mistakes.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node typecheck.mjs --miniprogram <folder>... [--mistakes <folder>]

Checks a mini-program's scripts and its generated client (api/index.d.ts) with tsc strict and WeChat's official typings.

  --miniprogram  a mini-program with its generated client in api/
  --mistakes     a folder of .ts files that import "client" and must be refused, each with the code that its first line
                 names: // refused with: TS2345. They are checked against the first mini-program.`,
  {
    miniprogram: { type: 'string', multiple: true, required: true },
    mistakes: { type: 'string' },
  },
)

const here = path.dirname(fileURLToPath(import.meta.url))
const report = createReport('typecheck')
for (const folder of options.miniprogram) {
  checkClientAlone(folder)
  checkScripts(folder)
}
if (options.mistakes) checkMistakes(options.mistakes, options.miniprogram[0])
report.finish()

// A project without WeChat's typings must be able to read the client's types too.
function checkClientAlone(folder) {
  const client = clientTypes(folder)
  const found = diagnostics([client], { types: [] })
  report.check(`${client}: correct without WeChat's typings`, found.length === 0, found.map(shown).join('\n'))
}

function checkScripts(folder) {
  const scripts = fs
    .readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.js') && !name.startsWith(`api${path.sep}`))
    .map((name) => path.join(folder, name))
  const found = diagnostics([clientTypes(folder), ...scripts])
  for (const script of scripts) {
    const own = found.filter((one) => one.file && same(one.file.fileName, script))
    report.check(`${script}: correct`, own.length === 0, own.map(shown).join('\n'))
  }
  const others = found.filter((one) => !one.file || !scripts.some((script) => same(one.file.fileName, script)))
  report.check(`${folder}: correct around its scripts`, others.length === 0, others.map(shown).join('\n'))
}

function checkMistakes(folder, miniProgram) {
  const files = fs.readdirSync(folder).map((name) => path.join(folder, name))
  // The typings themselves have been checked with the scripts.
  const found = diagnostics(files, { skipLibCheck: true, paths: { client: [path.resolve(clientTypes(miniProgram))] } })
  for (const file of files) {
    const expected = expectedRefusal(file)
    const own = found.filter((one) => one.file && same(one.file.fileName, file))
    const codes = own.map((one) => `TS${one.code}`)
    report.check(
      `mistake ${path.basename(file)}: refused with ${expected}`,
      codes.length === 1 && codes[0] === expected,
      own.length === 0 ? 'it was accepted' : own.map(shown).join('\n'),
    )
  }
}

function clientTypes(folder) {
  const file = path.join(folder, 'api', 'index.d.ts')
  if (!fs.existsSync(file)) throw new Error(`${file} is missing: generate the client first (cargo queqiao generate)`)
  return file
}

function diagnostics(files, more = {}) {
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: false,
    target: ts.ScriptTarget.ES2017,
    lib: ['lib.es2017.d.ts'], // no DOM: a browser global is an error
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    typeRoots: [path.join(here, 'node_modules')],
    types: ['miniprogram-api-typings'],
    ...more,
  })
  return ts.getPreEmitDiagnostics(program)
}

function shown(diagnostic) {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  if (!diagnostic.file) return `TS${diagnostic.code}: ${text}`
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
  return `${diagnostic.file.fileName}:${line + 1}:${character + 1} TS${diagnostic.code}: ${text}`
}

function same(one, other) {
  return path.resolve(one) === path.resolve(other)
}
