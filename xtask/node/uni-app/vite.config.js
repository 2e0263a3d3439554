import path from 'node:path'
import { fileURLToPath } from 'node:url'
import uniPlugin from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'

const uni = uniPlugin.default ?? uniPlugin
/** The native mini-program whose pages and client this app has. */
const todo = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../examples/todo/miniprogram')

/** The scripts of native pages as they are, but `Page(…)` becomes the module's value, and a browser's `wx` is `uni`. */
const nativePages = {
  name: 'native-pages',
  enforce: 'pre',
  transform(code, id) {
    if (!id.startsWith(todo) || id.startsWith(path.join(todo, 'api'))) return null
    const script = code.replace(/^Page\(/m, 'module.exports = (')
    return { code: process.env.UNI_PLATFORM === 'h5' ? script.replace(/\bwx\./g, 'uni.') : script, map: null }
  },
}

export default defineConfig({
  plugins: [nativePages, uni()],
  resolve: { alias: { todo } },
  build: { commonjsOptions: { include: [/node_modules/, /examples\/todo\/miniprogram/], transformMixedEsModules: true } },
})
