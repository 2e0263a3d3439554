// @ts-check
const { ApiError } = require('./api/index')

/** @type {Record<string, string>} */
const TEXTS = {
  'upload.too_large': '照片太大了，请换一张',
  'upload.kind': '只支持 JPEG、PNG、GIF 和 WebP 图片',
  'upload.damaged': '这张图片已经损坏',
  'upload.dimensions': '图片的尺寸太大了',
  'photo.unreadable': '无法读取这张图片',
  'photo.not_found': '这张照片已经不在了',
  'content.risky': '这段文字没有通过安全检查，请修改',
  'content.review': '这段文字可能不合规，请修改',
  'content.user_inactive': '请重新打开小程序后再发送',
  'content.unavailable': '暂时无法发送，请稍后再试',
  'phone.code_invalid': '没有取到手机号，请再点一次',
  'phone.unavailable': '微信没有回应，请稍后再试',
  network: '网络连不上，请稍后再试',
  timeout: '服务器没有及时回应，请再试',
  offline: '当前没有网络',
  interrupted: '上传被中断，请再试',
  auth: '登录没有成功，请再试',
  upgrade: '当前版本已停用，请更新小程序',
}

/**
 * What can go wrong with any call, in words for the user; by its code, and what has none in this version by its kind.
 * Anything but a failed call is thrown on.
 *
 * @param {unknown} error
 * @returns {string}
 */
function describe(error) {
  if (!(error instanceof ApiError)) throw error
  return TEXTS[error.code] || TEXTS[error.kind] || '服务器出错了，请稍后再试'
}

/** @param {string} text */
function toast(text) {
  wx.showToast({ title: text, icon: 'none' })
}

module.exports = { describe, toast }
