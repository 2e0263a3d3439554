import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as acorn from 'acorn'
import { ESLint } from 'eslint'
import { readOptions } from './command-line.mjs'
import { miniProgramRules } from './mini-program-rules.mjs'
import { expectedRefusal } from './mistakes.mjs'
import { createReport } from './report.mjs'

const options = readOptions(
  `
usage: node es5.mjs --client <folder>... [--base-library <version>]

Proves that the generated .js files are ES5 syntax and use only built-ins that the WeChat base library has on every phone.
The files in mistakes/es5 must be refused.

  --client        a folder of generated files
  --base-library  the oldest one to run on (default 2.20.2)`,
  {
    client: { type: 'string', multiple: true, required: true },
    'base-library': { type: 'string', default: '2.20.2' },
  },
)

const report = createReport('es5')
const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: miniProgramRules(options['base-library']),
  cwd: '/',
  allowInlineConfig: false,
})

for (const folder of options.client) {
  const files = scripts(folder)
  report.check(`${folder}: there are .js files`, files.length > 0)
  for (const file of files) {
    const problems = [syntaxProblem(file), ...(await builtInProblems(file))].filter(Boolean)
    report.check(`${file}: ES5, and only what every phone has`, problems.length === 0, problems.join('\n'))
  }
}
for (const file of scripts(fileURLToPath(new URL('mistakes/es5/', import.meta.url)))) {
  const expected = expectedRefusal(file)
  const problems = [syntaxProblem(file), ...(await builtInProblems(file))].filter(Boolean)
  report.check(
    `mistake ${path.basename(file)}: refused with ${expected}`,
    problems.some((problem) => problem.endsWith(`(${expected})`)),
    problems.join('\n') || 'it was accepted',
  )
}
report.finish()

function scripts(folder) {
  return fs.readdirSync(folder).filter((name) => name.endsWith('.js')).map((name) => path.join(folder, name))
}

function syntaxProblem(file) {
  try {
    acorn.parse(fs.readFileSync(file, 'utf8'), { ecmaVersion: 5, sourceType: 'script' })
    return null
  } catch (error) {
    return `${file}: not ES5: ${error.message} (acorn)`
  }
}

async function builtInProblems(file) {
  const [result] = await eslint.lintText(fs.readFileSync(file, 'utf8'), { filePath: path.resolve(file) })
  return result.messages.map((one) => `${file}:${one.line}:${one.column}: ${one.message} (${one.ruleId ?? 'syntax'})`)
}
