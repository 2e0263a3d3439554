// @ts-check

/** @type {Record<string, string>} */
const TEXTS = {
  network: '网络连不上，请稍后再试',
  timeout: '服务器没有及时回应，请再试',
  offline: '当前没有网络',
  interrupted: '请求被中断，请再试',
  auth: '登录没有成功，请再试',
  validation: '填写的内容不符合要求',
}

/**
 * What can go wrong with any call, in words for the user.
 * The codes of one operation are handled by the page that calls it.
 *
 * @param {{ kind: string }} error
 */
function describe(error) {
  return TEXTS[error.kind] || '服务器出错了，请稍后再试'
}

/** @param {string} text */
function toast(text) {
  wx.showToast({ title: text, icon: 'none' })
}

module.exports = { describe, toast }
