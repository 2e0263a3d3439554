// Bundles an unmodified native mini-program with WeChat's component framework (glass-easel) and our `wx` for a browser.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { readMiniProgram, styleSheets } from '../mini-program.mjs'
import { browserStyles } from '../wechat-compilers.mjs'
import { ELEMENTS } from './host/elements.js'

const { TmplGroup } = createRequire(import.meta.url)('glass-easel-template-compiler')
const host = fileURLToPath(new URL('host/', import.meta.url))

/** @returns {Promise<{ html: string, script: string }>} */
export async function buildForBrowser(folder) {
  const program = readMiniProgram(folder)
  refuseUnknownTags(program)
  const bundle = await esbuild.build({
    stdin: { contents: entry(program), resolveDir: path.dirname(host) },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    logLevel: 'warning',
    // WeChat has `global`, browsers have not.
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  })
  const shell = fs.readFileSync(path.join(host, 'shell.html'), 'utf8')
  return { html: shell, script: bundle.outputFiles[0].text }
}

function entry(program) {
  const { root, app, units } = program
  const file = (name) => JSON.stringify(path.join(root, name))
  return `
    import { start } from ${JSON.stringify(path.join(host, 'start.js'))}
    start({
      app: ${JSON.stringify(app)},
      templates: ${compileTemplates(program)},
      units: [${units
        .map(
          (unit) => `{
        path: ${JSON.stringify(unit.path)}, isPage: ${unit.isPage}, config: ${JSON.stringify(unit.config)},
        classPrefix: ${JSON.stringify(classPrefix(program, unit.path))}, load: () => require(${file(`${unit.path}.js`)}),
      }`,
        )
        .join(', ')}],
      styles: ${JSON.stringify(compileStyles(program))},
      client: ${fs.existsSync(path.join(root, 'api/index.js')) ? `() => require(${file('api/index.js')})` : 'null'},
      launch: () => require(${file('app.js')}),
    })`
}

function compileTemplates({ root, units }) {
  const group = new TmplGroup()
  const add = (name, source) => {
    const problems = group.addTmpl(name, source)
    if (problems.length > 0) throw new Error(`${name}.wxml: ${JSON.stringify(problems)}`)
  }
  for (const [name, source] of templateFiles(root, units)) {
    if (name.endsWith('.wxs')) group.addScript(name.replace(/\.wxs$/, ''), source)
    else add(name.replace(/\.wxml$/, ''), source)
  }
  add('wx/container', '<slot/>')
  add('wx/leaf', '')
  return group.getTmplGenObjectGroups()
}

/** The templates of the units, and the templates and scripts that these take from other files; each with its text. */
function templateFiles(root, units) {
  const files = new Map()
  const waiting = units.map((unit) => `${unit.path}.wxml`)
  while (waiting.length > 0) {
    const name = waiting.pop()
    if (files.has(name)) continue
    const source = fs.readFileSync(path.join(root, name), 'utf8')
    files.set(name, source)
    for (const [, , from] of source.matchAll(/<(import|include|wxs)\b[^>]*\bsrc="([^"]+)"/g)) {
      waiting.push(from.startsWith('/') ? from.slice(1) : path.posix.join(path.posix.dirname(name), from))
    }
  }
  return files
}

function compileStyles(program) {
  return styleSheets(program).map((name) => ({
    owner: name,
    text: browserStyles(program.root, `${name}.wxss`, stylePrefix(program, name)),
  }))
}

// A component's classes are its own, those of pages and app.wxss are shared: WeChat's default style isolation.
function classPrefix({ units }, name) {
  const index = units.findIndex((unit) => unit.path === name)
  return index >= 0 && !units[index].isPage ? `c${index}` : undefined
}

function stylePrefix(program, name) {
  const prefix = classPrefix(program, name)
  return prefix ? `${prefix}--` : ''
}

// A tag that the host does not have would show nothing and fail no test.
function refuseUnknownTags({ root, units }) {
  const syntax = ['block', 'import', 'include', 'slot', 'template', 'wxs']
  for (const unit of units) {
    for (const [name, source] of templateFiles(root, [unit])) {
      if (name.endsWith('.wxs')) continue
      for (const [, tag] of source.replace(/<!--.*?-->/gs, '').matchAll(/<([a-z][\w-]*)/g)) {
        if (tag in ELEMENTS || tag in unit.config.usingComponents || syntax.includes(tag)) continue
        throw new Error(`${name} uses <${tag}>, which browser/host/elements.js does not have: add it there`)
      }
    }
  }
}
