// WeChat's compiler (npm miniprogram-ci), without WeChat: it asks servicewechat.com for a project's attributes before
// anything else, so those are given here.
import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'

const LIMIT_MS = 60_000
const require = createRequire(import.meta.url)
endChildrenWithUs(require('node:child_process'))
const ci = require('miniprogram-ci')
// Nothing may be asked of the network: what still tries fails at once.
ci.proxy('http://127.0.0.1:1')

class OfflineProject extends ci.Project {
  async attr() {
    return ci.DefaultProjectAttr
  }
}

/** The compiler forks a process that would outlive this one. */
function endChildrenWithUs(childProcess) {
  const { fork } = childProcess
  childProcess.fork = (...args) => {
    const child = fork(...args)
    process.on('exit', () => child.kill())
    return child
  }
}

/** A folder for what the compiler writes: it leaves folders of its own where it runs. */
export const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-compiler-'))
process.chdir(scratch)
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }))
// Its own network attempts, such as the list of allowed file extensions, are rejected and waited for by nobody.
process.on('unhandledRejection', (error) => console.error(`miniprogram-ci: ${error?.message ?? error}`))

const key = path.join(scratch, 'key')
fs.writeFileSync(key, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }))

function project(folder) {
  return new OfflineProject({
    appid: 'wx0000000000000001',
    type: 'miniProgram',
    projectPath: folder,
    privateKeyPath: key,
    ignores: ['node_modules/**/*'],
  })
}

/** A mini-program's folder in the scratch folder, to be changed at will. */
export function copy(folder) {
  const target = fs.mkdtempSync(path.join(scratch, 'project-'))
  fs.cpSync(folder, target, { recursive: true })
  return target
}

/**
 * Compiles as for an upload: ES5, minified.
 *
 * @returns {Promise<{ files: Record<string, string>, refusal: null } | { files: null, refusal: { code: number, message: string } }>}
 */
export async function compile(folder) {
  const setting = { es6: true, es7: true, minify: true }
  const { setting: own = {} } = JSON.parse(fs.readFileSync(path.join(folder, 'project.config.json'), 'utf8'))
  if (own.useCompilerPlugins) setting.useCompilerPlugins = own.useCompilerPlugins
  const options = { project: project(folder), version: '1.0.0', desc: '', setting, onProgressUpdate() {} }
  try {
    const compiled = await within(LIMIT_MS, ci.getCompiledResult(options, path.join(scratch, 'compiled.zip')))
    const files = Object.fromEntries(Object.entries(compiled).map(([name, text]) => [name, String(text)]))
    return { files, refusal: null }
  } catch (error) {
    return { files: null, refusal: { code: error.code, message: String(error.message ?? error) } }
  }
}

/** "Build npm" (构建 npm): node_modules to miniprogram_npm. @returns {Promise<object[]>} its warnings */
export function packNpm(folder) {
  return within(LIMIT_MS, ci.packNpm(project(folder), { reporter() {} }))
}

function within(milliseconds, promise) {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the compiler has not ended in ${milliseconds / 1000} s`)), milliseconds)
  })
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
