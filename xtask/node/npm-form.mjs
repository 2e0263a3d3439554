import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { readOptions } from './command-line.mjs'
import { expectedRefusal } from './mistakes.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node npm-form.mjs --package <folder> --work <folder> [--split]

Uses the client's npm package by its name, as pages do: require and import, TypeScript and JavaScript with checkJs, under
every way that tsc looks for modules; and loads it in Node.js. The files in the form's folder mistakes/ must be refused.

  --package  the todo client, as \`cargo queqiao generate --npm\` has written it
  --work     an empty folder of its own
  --split    it was written with --split: the pages of npm-form-split name the files of the tags`,
  {
    package: { type: 'string', required: true },
    work: { type: 'string', required: true },
    split: { type: 'boolean', default: false },
  },
)

const here = path.dirname(fileURLToPath(import.meta.url))
const pages = options.split ? 'npm-form-split' : 'npm-form'
const report = createReport(pages)
const { name } = JSON.parse(fs.readFileSync(path.join(options.package, 'package.json'), 'utf8'))
const work = install()

const { ModuleKind, ModuleResolutionKind } = ts
for (const [way, compilerOptions] of Object.entries({
  node10: { module: ModuleKind.CommonJS, moduleResolution: ModuleResolutionKind.Node10 },
  node16: { module: ModuleKind.Node16, moduleResolution: ModuleResolutionKind.Node16 },
  bundler: { module: ModuleKind.ES2020, moduleResolution: ModuleResolutionKind.Bundler },
})) {
  checkPages(way, compilerOptions)
  checkMistakes(way, compilerOptions)
}
const todos = options.split ? `${name}/todos` : name
const whole = `if (typeof listTodos.failed !== 'function' || typeof ApiError !== 'function') throw Error('no operation')`
loads('require', `const { listTodos } = require('${todos}'); const { ApiError } = require('${name}'); ${whole}`, 'commonjs')
loads('import of a name', `import { listTodos } from '${todos}'; import { ApiError } from '${name}'; ${whole}`, 'module')
loads('import of all', `import * as todos from '${todos}'; import * as api from '${name}'; const { listTodos } = todos, { ApiError } = api; ${whole}`, 'module')
report.finish()

/** A project that has the package under node_modules, as npm would put it there. */
function install() {
  const work = path.resolve(options.work)
  fs.rmSync(work, { recursive: true, force: true })
  fs.cpSync(path.join(here, pages), work, { recursive: true })
  fs.cpSync(options.package, path.join(work, 'node_modules', name), { recursive: true })
  return work
}

function checkPages(way, compilerOptions) {
  // `import … = require(…)` is CommonJS only.
  const unfit = compilerOptions.module === ModuleKind.ES2020 ? ['import-require.ts'] : []
  const files = [...scripts('pages'), ...scripts('types')].filter((file) => !unfit.includes(path.basename(file)))
  const found = diagnostics(files, compilerOptions)
  for (const file of files) {
    const own = found.filter((one) => one.file && path.resolve(one.file.fileName) === file)
    report.check(`${way}: ${path.relative(work, file)} is correct`, own.length === 0, own.map(shown).join('\n'))
  }
  const others = found.filter((one) => !one.file || !files.includes(path.resolve(one.file.fileName)))
  report.check(`${way}: correct around the pages`, others.length === 0, others.map(shown).join('\n'))
}

function checkMistakes(way, compilerOptions) {
  const files = scripts('mistakes')
  const found = diagnostics(files, { ...compilerOptions, skipLibCheck: true })
  for (const file of files) {
    const expected = expectedRefusal(file)
    const own = found.filter((one) => one.file && path.resolve(one.file.fileName) === file)
    report.check(
      `${way}: mistake ${path.basename(file)} is refused with ${expected}`,
      own.some((one) => `TS${one.code}` === expected),
      own.map(shown).join('\n') || 'it was accepted',
    )
  }
}

function scripts(folder) {
  return fs
    .readdirSync(path.join(work, folder), { recursive: true })
    .filter((file) => /\.(js|ts)$/.test(file))
    .map((file) => path.join(work, folder, file))
}

function diagnostics(files, compilerOptions) {
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: false,
    target: ts.ScriptTarget.ES2020,
    lib: ['lib.es2020.d.ts'],
    typeRoots: [path.join(here, 'node_modules')],
    types: ['miniprogram-api-typings'],
    ...compilerOptions,
  })
  return ts.getPreEmitDiagnostics(program)
}

function loads(what, script, type) {
  const { status, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, '--eval', script], { cwd: work, encoding: 'utf8' })
  report.check(`Node.js: ${what}`, status === 0, stderr)
}

function shown(diagnostic) {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  if (!diagnostic.file) return `TS${diagnostic.code}: ${text}`
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
  return `${diagnostic.file.fileName}:${line + 1}:${character + 1} TS${diagnostic.code}: ${text}`
}
