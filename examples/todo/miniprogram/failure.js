// @ts-check
const { ApiError } = require('./api/index')

/** @type {Record<string, string>} */
const TEXTS = {
  network: '网络连不上，请稍后再试',
  timeout: '服务器没有及时回应，请再试',
  offline: '当前没有网络',
  interrupted: '请求被中断，请再试',
  auth: '登录没有成功，请再试',
  upgrade: '当前版本已停用，请更新小程序',
  validation: '填写的内容不符合要求',
}

/**
 * What can go wrong with any call, in words for the user. A page first handles the codes of its own operation; what
 * it does not know, a code that a newer server has included, ends here. Anything but a failed call is thrown on.
 *
 * @param {unknown} error
 * @returns {{ text: string, reference: string }} `reference` finds the request in the server's log
 */
function describe(error) {
  if (!(error instanceof ApiError)) throw error
  return { text: TEXTS[error.kind] || '服务器出错了，请稍后再试', reference: error.requestId || '' }
}

/** @param {string} text */
function toast(text) {
  wx.showToast({ title: text, icon: 'none' })
}

module.exports = { describe, toast }
