import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './command-line.mjs'
import { readMiniProgram, styleSheets } from './mini-program.mjs'
import { createReport } from './report.mjs'
import { refusedByWcc, refusedByWcsc } from './wechat-compilers.mjs'

const { TmplGroup } = createRequire(import.meta.url)('glass-easel-template-compiler')
const options = readOptions(
  `
usage: node templates.mjs --miniprogram <folder>...

Compiles every page's and component's WXML and WXSS with WeChat's compilers: wcc, wcsc and glass-easel's template compiler.
The broken files in mistakes/templates must be refused.`,
  { miniprogram: { type: 'string', multiple: true, required: true } },
)

const report = createReport('templates')
for (const folder of options.miniprogram) checkMiniProgram(folder)
checkMistakes(fileURLToPath(new URL('mistakes/templates/', import.meta.url)))
report.finish()

function checkMiniProgram(folder) {
  const program = readMiniProgram(folder)
  const templates = program.units.map((unit) => `${unit.path}.wxml`)
  const refusal = refusedByWcc(program.root, templates)
  report.check(`${folder}: wcc compiles ${templates.length} templates`, refusal === null, refusal ?? '')
  for (const template of templates) {
    const problems = refusedByGlassEasel(program.root, template)
    report.check(`${folder}/${template}: glass-easel compiles it without a warning`, problems === null, problems ?? '')
  }
  for (const sheet of styleSheets(program)) {
    const problem = refusedByWcsc(program.root, `${sheet}.wxss`)
    report.check(`${folder}/${sheet}.wxss: wcsc compiles it`, problem === null, problem ?? '')
  }
}

// Each compiler must show that it can refuse; the file's name says what is wrong with it.
function checkMistakes(folder) {
  for (const file of fs.readdirSync(folder)) {
    const compilers = file.endsWith('.wxss')
      ? { wcsc: refusedByWcsc }
      : { wcc: (root, name) => refusedByWcc(root, [name]), 'glass-easel': refusedByGlassEasel }
    for (const [name, refused] of Object.entries(compilers)) {
      report.check(`mistake ${file}: ${name} refuses it`, refused(folder, file) !== null)
    }
  }
}

function refusedByGlassEasel(root, template) {
  const problems = new TmplGroup().addTmpl(template, fs.readFileSync(path.join(root, template), 'utf8'))
  if (problems.length === 0) return null
  return problems.map((one) => `${template}:${one.startLine + 1}:${one.startColumn + 1}: ${one.message}`).join('\n')
}
