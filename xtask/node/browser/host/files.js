// The files of the phone: what the user chooses gets a path as WeChat gives it, and wx.uploadFile sends it.
// https://developers.weixin.qq.com/miniprogram/dev/api/media/video/wx.chooseMedia.html
// https://developers.weixin.qq.com/miniprogram/dev/api/network/upload/wx.uploadFile.html
import { inPlace } from './request.js'

export function createFiles({ defaultTimeout = 60000 }) {
  const files = new Map()

  function present(path) {
    const file = files.get(path)
    if (!file) throw new Error(`no such file or directory ${path}`)
    return file
  }

  return {
    /** Opens the browser's own dialogue; closing it without a choice fails as in WeChat. */
    async choose({ mediaType = ['image', 'video'] }) {
      const input = document.createElement('input')
      input.type = 'file'
      input.accept = mediaType.map((kind) => `${kind}/*`).join()
      const [file] = await new Promise((chosen) => {
        input.addEventListener('change', () => chosen(input.files))
        input.addEventListener('cancel', () => chosen([]))
        input.click()
      })
      if (!file) throw new Error('cancel')
      const tempFilePath = `http://tmp/${files.size + 1}${/\.\w+$/.exec(file.name)?.[0] ?? ''}`
      files.set(tempFilePath, file)
      return { type: 'image', tempFiles: [{ tempFilePath, size: file.size, fileType: file.type.split('/')[0] }] }
    },

    manager: () => ({ statSync: (path) => ({ size: present(path).size }) }),

    /** Always POST and multipart, the texts before the file; any HTTP answer is a success, as text. */
    upload(options) {
      const request = new XMLHttpRequest()
      const listeners = []
      let reason = ''
      inPlace(() => send(request, options, present(options.filePath), listeners, defaultTimeout)).then(
        (answer) => report(options, 'success', answer),
        (error) => report(options, 'fail', { errMsg: `uploadFile:fail ${reason || error.message}` }),
      )
      return {
        abort() { reason = 'abort'; request.abort() },
        onProgressUpdate: (listener) => listeners.push(listener),
        offProgressUpdate() {},
      }
    },
  }
}

function send(request, options, file, listeners, defaultTimeout) {
  const form = new FormData()
  for (const [name, value] of Object.entries(options.formData ?? {})) form.append(name, value)
  form.append(options.name, file, options.filePath.split('/').pop())
  return new Promise((answered, failed) => {
    request.open('POST', options.url)
    request.timeout = options.timeout ?? defaultTimeout
    for (const [name, value] of Object.entries(options.header ?? {})) {
      if (name.toLowerCase() !== 'content-type') request.setRequestHeader(name, value)
    }
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      const progress = Math.floor((loaded / total) * 100)
      for (const listener of listeners) listener({ progress, totalBytesSent: loaded, totalBytesExpectedToSend: total })
    })
    request.addEventListener('load', () => answered({ data: request.responseText, statusCode: request.status, header: headers(request), errMsg: 'uploadFile:ok' }))
    for (const how of ['error', 'abort', 'timeout']) request.addEventListener(how, () => failed(new Error(how)))
    request.send(form)
  })
}

function headers(request) {
  const lines = request.getAllResponseHeaders().trim().split('\r\n').filter(Boolean)
  return Object.fromEntries(lines.map((line) => [line.split(': ')[0], line.split(': ').slice(1).join(': ')]))
}

function report(options, outcome, result) {
  options[outcome]?.(result)
  options.complete?.(result)
}
