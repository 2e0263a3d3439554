// Reads a mini-program's folder: its pages, and the components they use, transitively.
import fs from 'node:fs'
import path from 'node:path'

/**
 * @typedef {{ path: string, isPage: boolean, config: Record<string, any> }} Unit A page or component; `path` as app.json writes it.
 * @typedef {{ root: string, app: Record<string, any>, units: Unit[] }} MiniProgram
 */

/** @returns {MiniProgram} */
export function readMiniProgram(folder) {
  const root = path.resolve(folder)
  const app = readJson(root, 'app.json')
  const units = new Map()
  const waiting = app.pages.map((page) => ({ path: page, isPage: true }))
  while (waiting.length > 0) {
    const unit = waiting.pop()
    if (units.has(unit.path)) continue
    const config = readJson(root, `${unit.path}.json`)
    const used = { ...app.usingComponents, ...config.usingComponents }
    config.usingComponents = {}
    for (const [tag, reference] of Object.entries(used)) {
      const component = reference.startsWith('/')
        ? reference.slice(1)
        : path.posix.join(path.posix.dirname(unit.path), reference)
      config.usingComponents[tag] = `/${component}`
      waiting.push({ path: component, isPage: false })
    }
    units.set(unit.path, { ...unit, config })
  }
  return { root, app, units: [...units.values()] }
}

/** The WXSS files that a mini-program has, app.wxss first. */
export function styleSheets({ root, units }) {
  return ['app', ...units.map((unit) => unit.path)].filter((name) => fs.existsSync(path.join(root, `${name}.wxss`)))
}

function readJson(root, name) {
  const file = path.join(root, name)
  if (!fs.existsSync(file)) throw new Error(`${file} is missing: every page and component needs its .json`)
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}
