// Runs scripts of a compiled mini-program: CommonJS over a table of texts, and of the host only what a mini-program has.
import path from 'node:path'
import vm from 'node:vm'

/**
 * @param {Record<string, string>} files
 * @param {object} wx
 */
export function loader(files, wx) {
  const loaded = new Map()
  let page = null
  const globals = {
    wx,
    console,
    setTimeout,
    clearTimeout,
    Promise,
    App() {},
    Component() {},
    Page(options) { page = options },
  }
  const context = vm.createContext(globals)

  function resolve(name, from) {
    const places = name.startsWith('.')
      ? [path.posix.join(path.posix.dirname(from), name)]
      // The nearest miniprogram_npm; these projects have one, at their root.
      : [path.posix.join('miniprogram_npm', name), name]
    for (const place of places) {
      for (const file of [place, `${place}.js`, `${place}/index.js`]) if (file in files) return file
    }
    throw new Error(`${from}: module '${name}' is not defined`)
  }

  function load(file) {
    if (!loaded.has(file)) {
      const module = { exports: {} }
      loaded.set(file, module)
      const run = vm.runInContext(`(function (require, module, exports) {${files[file]}\n})`, context, { filename: file })
      run((name) => load(resolve(name, file)), module, module.exports)
    }
    return loaded.get(file).exports
  }

  return {
    load,
    /** What a page's script gives to `Page()`. */
    page(file) {
      page = null
      load(file)
      return page
    },
  }
}

/** A `wx` that answers every request, and notes them. @param {(request: object) => object} body what the answer holds */
export function createWx(body) {
  const requests = []
  const storage = new Map()
  const answer = (door, options) => {
    const { method, url, data, name, filePath, formData, header } = options
    requests.push({ door, method, url, data, name, filePath, formData: { ...formData }, header: { ...header } })
    setTimeout(() => options.success({ statusCode: 200, data: JSON.stringify(body(options)), header: {}, errMsg: `${door}:ok` }), 0)
    return { abort() {} }
  }
  return {
    requests,
    wx: {
      request: (options) => answer('request', options),
      uploadFile: (options) => answer('uploadFile', options),
      login: ({ success }) => setTimeout(() => success({ code: 'a-code', errMsg: 'login:ok' }), 0),
      getStorageSync: (key) => storage.get(key) ?? '',
      setStorageSync: (key, value) => void storage.set(key, value),
      removeStorageSync: (key) => void storage.delete(key),
      getAccountInfoSync: () => ({ miniProgram: { envVersion: 'release' } }),
    },
  }
}
