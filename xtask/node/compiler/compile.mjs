import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from '../command-line.mjs'
import { createReport } from '../report.mjs'
import { MISTAKES } from './mistakes.mjs'

const options = readOptions(
  `
usage: node compile.mjs --miniprogram <folder>... [--package <folder>] [--split <folder>] [--mistakes]

Compiles mini-programs with WeChat's own compiler (miniprogram-ci), offline, and runs what comes out: the compiled client
must send what the generated one sends.

  --miniprogram  a mini-program with its generated client in api/; or what another framework has built
  --package      the todo client as an npm package: "build npm" must take it, and pages that name it must work
  --split        the same written with --split: pages name the files of the tags
  --mistakes     plants mistakes into copies of the first mini-program, and they must be refused`,
  {
    miniprogram: { type: 'string', multiple: true, required: true },
    package: { type: 'string' },
    split: { type: 'string' },
    mistakes: { type: 'boolean', default: false },
  },
)

/** WeChat's limit for a package: https://developers.weixin.qq.com/miniprogram/dev/framework/subpackages.html */
const MOST_BYTES = 2 * 1024 * 1024
/** What a server answers: a token to a login, a form for the bucket to the beginning of an upload. */
const ANSWER = {
  token: 'a-token',
  expiresIn: 3600,
  upload: 'an-upload',
  url: 'https://bucket.example/',
  file: 'content',
  fields: { key: 'uploads/1', policy: 'a-policy' },
}
const folders = options.miniprogram.map((folder) => path.resolve(folder))
const packages = [[options.package, 'npm-form'], [options.split, 'npm-form-split']]
  .filter(([folder]) => folder)
  .map(([folder, pages]) => [path.resolve(folder), pages])
// Changes the current folder.
const { compile, copy, packNpm } = await import('./official.mjs')
const { createWx, loader } = await import('./run-compiled.mjs')

const report = createReport('compiler')
for (const folder of folders) await checkMiniProgram(folder)
for (const [what, mistake] of Object.entries(options.mistakes ? MISTAKES : {})) await checkMistake(what, mistake)
for (const [folder, pages] of packages) await checkPackage(folder, pages)
report.finish()
// The compiler's own process would keep this one alive.
process.exit()

async function checkMiniProgram(folder) {
  const { files, refusal } = await compile(folder)
  report.check(`${folder}: compiles`, refusal === null, refusal?.message)
  if (!files) return
  const { pages } = JSON.parse(files['app.json'])
  const missing = pages.flatMap((page) => [`${page}.js`, `${page}.wxml`]).filter((file) => !(file in files))
  report.check(`${folder}: every page is there`, pages.length > 0 && missing.length === 0, missing.join())
  const size = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  report.check(`${folder}: fits into a package (${Math.ceil(size / 1024)} KiB)`, size < MOST_BYTES)
  if (fs.existsSync(path.join(folder, 'api/index.js'))) await checkClient(folder, files)
}

async function checkClient(folder, compiled) {
  const source = {}
  for (const name of fs.readdirSync(path.join(folder, 'api')).filter((name) => name.endsWith('.js'))) {
    source[`api/${name}`] = fs.readFileSync(path.join(folder, 'api', name), 'utf8')
  }
  const [found, expected] = [await sent(compiled), await sent(source)]
  report.check(`${folder}: the compiled client has operations`, expected.length > 0)
  report.check(
    `${folder}: the compiled client sends what the generated one sends`,
    JSON.stringify(found) === JSON.stringify(expected),
    `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
  )
}

/** Every request of a client whose operations are all called, with values for whatever they take. */
async function sent(files) {
  const { wx, requests } = createWx(() => ANSWER)
  const api = loader(files, wx).load('api/index.js')
  const values = { id: '7', report: 'r1', title: '买 米&=?', name: '鹊桥', file: 'wxfile://photo.jpg' }
  for (const name of Object.keys(api).filter((name) => api[name].failed)) await api[name](values, values)
  // A key is of one call alone.
  for (const { header } of requests) if (header['idempotency-key']) header['idempotency-key'] = 'a key'
  return requests
}

async function checkMistake(what, { plant, code }) {
  const folder = copy(folders[0])
  plant(folder)
  const { refusal } = await compile(folder)
  report.check(
    `mistake: ${what} is refused with ${code}`,
    refusal !== null && refusal.code === code,
    refusal ? `refused with ${refusal.code}: ${refusal.message}` : 'it was accepted',
  )
}

async function checkPackage(packageFolder, form) {
  const pages = fileURLToPath(new URL(`../${form}/`, import.meta.url))
  const project = copy(pages)
  for (const folder of ['mistakes', 'types']) fs.rmSync(path.join(project, folder), { recursive: true })
  const { name, version, miniprogram } = JSON.parse(fs.readFileSync(path.join(packageFolder, 'package.json'), 'utf8'))
  const dependency = (folder, change = (manifest) => manifest) => {
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'pages', version: '1.0.0', dependencies: { [name]: version } }))
    const own = path.join(folder, 'node_modules', name)
    fs.cpSync(packageFolder, own, { recursive: true })
    const manifest = path.join(own, 'package.json')
    fs.writeFileSync(manifest, JSON.stringify(change(JSON.parse(fs.readFileSync(manifest, 'utf8')))))
  }
  dependency(project)
  const warnings = await packNpm(project)
  report.check(`${form}: build npm takes the package without a warning`, warnings.length === 0, JSON.stringify(warnings))
  const [from, to] = [path.join(packageFolder, miniprogram), path.join(project, 'miniprogram_npm', name)]
  for (const file of fs.readdirSync(from)) {
    const same = fs.existsSync(path.join(to, file)) && fs.readFileSync(path.join(to, file)).equals(fs.readFileSync(path.join(from, file)))
    report.check(`${form}: build npm copies ${miniprogram}/${file} as it is`, same)
  }

  const { files, refusal } = await compile(project)
  report.check(`${form}: pages that name the package compile`, refusal === null, refusal?.message)
  for (const page of ['require', 'import', 'typescript']) if (files) await checkPage(form, files, page)

  const broken = copy(pages)
  dependency(broken, (manifest) => ({ ...manifest, miniprogram: 'nowhere', main: 'nowhere/index.js' }))
  const told = await packNpm(broken).then((warnings) => warnings.map((one) => one.msg ?? JSON.stringify(one)).join(), (error) => error.message)
  const built = fs.existsSync(path.join(broken, 'miniprogram_npm', name, 'index.js'))
  report.check(`${form}: mistake: a package without its miniprogram_dist is refused`, told !== '' && !built, told || 'it was accepted')
}

async function checkPage(form, files, page) {
  const { wx, requests } = createWx((request) => (/login/.test(request.url) ? { token: 'a-token' } : { items: [{ title: '买米' }], next: null }))
  const found = loader(files, wx).page(`pages/${page}/${page}.js`)
  const data = { ...found.data }
  await found.onLoad.call({ setData: (changes) => Object.assign(data, changes) })
  const shown = JSON.stringify([requests.at(-1)?.method, requests.at(-1)?.url.replace(/^https?:\/\/[^/]+/, ''), data.titles])
  report.check(`${form}: the page that uses ${page} shows what the client fetched`, shown === '["GET","/todos?limit=3",["买米"]]', shown)
}
