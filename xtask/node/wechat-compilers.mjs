// WeChat's own compilers (wcc for WXML, wcsc for WXSS), as the npm package miniprogram-compiler ships them.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const platform = { linux: 'linux', darwin: 'mac' }[process.platform]
const folder = path.join(
  path.dirname(createRequire(import.meta.url).resolve('miniprogram-compiler/package.json')),
  'bin',
  String(platform),
)

/** @returns {string | null} what wcc refuses in the files, or null */
export function refusedByWcc(root, files) {
  return run('wcc', ['-d', ...files], root).refusal
}

/** @returns {string | null} what wcsc refuses in one file, or null */
export function refusedByWcsc(root, file) {
  return run('wcsc', ['-lc', file], root).refusal
}

/**
 * One style sheet as a browser can use it: rpx becomes vw, `page` stays an element, classes get a prefix.
 * wcsc leaves both choices open in its output: `["text", [0, rpx], [1], "text"]`, where [1] stands before a class name.
 */
export function browserStyles(root, file, classPrefix) {
  const { output, refusal } = run('wcsc', ['-js', file], root)
  if (refusal) throw new Error(refusal)
  const pieces = output.match(/setCssToHead\((\[.*\])\)\(/s)
  if (!pieces) return ''
  return Function(`return ${pieces[1]}`)()
    .map((piece) => {
      if (typeof piece === 'string') return piece
      const [kind, value] = piece
      if (kind === 0) return `${(value / 7.5).toFixed(4)}vw`
      if (kind === 1) return classPrefix
      throw new Error(`${file}: wcsc's output has an unknown piece ${JSON.stringify(piece)}`)
    })
    .join('')
    .replace(/(?<![\w.#-])body(?![\w-])(?=[^{}]*\{)/g, 'page')
}

function run(compiler, args, cwd) {
  const file = path.join(folder, compiler)
  fs.chmodSync(file, 0o755)
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (error) throw error
  return { output: stdout, refusal: status === 0 ? null : stderr.trim() || `${compiler} ended with ${status}` }
}
