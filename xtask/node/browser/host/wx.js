// The global `wx`: only what the examples call. What is missing here fails a test with its name.
import { createFiles } from './files.js'
import { createRequest } from './request.js'

/** @param {{ networkTimeout?: { request?: number, uploadFile?: number } }} app @param {{ emulator: string, user: string }} session */
export function createWx(app, session, screen, router) {
  const files = createFiles({ defaultTimeout: app.networkTimeout?.uploadFile })
  return {
    request: createRequest({ defaultTimeout: app.networkTimeout?.request }),
    uploadFile: files.upload,
    chooseMedia: callbacks('chooseMedia', (options) => files.choose(options)),
    getFileSystemManager: files.manager,
    login: callbacks('login', () => loginCode(session)),
    requestSubscribeMessage: callbacks('requestSubscribeMessage', (options) => askSubscriptions(session, screen, options)),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'touristappid', envVersion: 'develop', version: '' } }),
    // The query is the phone's address bar; https://developers.weixin.qq.com/miniprogram/dev/reference/scene-list.html
    getLaunchOptionsSync: () => ({ path: app.pages[0], query: session, scene: 1001, referrerInfo: {} }),

    // A missing key gives '' (https://developers.weixin.qq.com/miniprogram/dev/api/storage/wx.getStorageSync.html).
    getStorageSync: (key) => JSON.parse(localStorage.getItem(key) ?? '""'),
    setStorageSync: (key, value) => localStorage.setItem(key, JSON.stringify(value)),
    removeStorageSync: (key) => localStorage.removeItem(key),
    clearStorageSync: () => localStorage.clear(),

    previewImage: callbacks('previewImage', () => {}),
    showToast: callbacks('showToast', (options) => screen.showToast(options)),
    hideToast: callbacks('hideToast', () => screen.hideToast()),
    showModal: callbacks('showModal', (options) => screen.showModal(options)),
    setNavigationBarTitle: callbacks('setNavigationBarTitle', ({ title }) => router.setTitle(title)),
    stopPullDownRefresh: callbacks('stopPullDownRefresh', () => router.stopPullDownRefresh()),
    navigateTo: callbacks('navigateTo', (options) => router.open(options)),
    navigateBack: callbacks('navigateBack', () => router.back()),
  }
}

/** WeChat's two styles: with a callback it is called, without any a promise is returned. */
function callbacks(name, run) {
  return (options = {}) => {
    const outcome = Promise.resolve()
      .then(() => run(options))
      .then((result) => ({ errMsg: `${name}:ok`, ...result }))
    if (!options.success && !options.fail && !options.complete) return outcome
    outcome.then(
      (result) => { options.success?.(result); options.complete?.(result) },
      (error) => {
        const result = { errMsg: `${name}:fail ${error.message}` }
        options.fail?.(result)
        options.complete?.(result)
      },
    )
  }
}

/**
 * The detail of `bindgetphonenumber`, once the user has answered.
 * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/getPhoneNumber.html
 */
export async function askPhoneNumber(session, screen) {
  const answer = await screen.showModal({ title: '申请获取并验证你的手机号', content: '', confirmText: '允许', cancelText: '不允许' })
  if (!answer.confirm) return { errMsg: 'getPhoneNumber:fail user deny' }
  return { errMsg: 'getPhoneNumber:ok', ...(await code('phone-codes', session)) }
}

/**
 * WeChat asks in a tap alone, and for three templates at most.
 * https://developers.weixin.qq.com/miniprogram/dev/api/open-api/subscribe-message/wx.requestSubscribeMessage.html
 */
async function askSubscriptions(session, screen, { tmplIds }) {
  if (!navigator.userActivation.isActive) throw new Error('can only be invoked by user TAP gesture.')
  if (!(tmplIds.length >= 1 && tmplIds.length <= 3)) throw new Error('Templates count out of max bounds')
  const answer = await screen.showModal({ title: '接收订阅消息', content: tmplIds.join('\n'), confirmText: '允许', cancelText: '取消' })
  const templates = Object.fromEntries(tmplIds.map((id) => [id, Boolean(answer.confirm)]))
  return ask('subscriptions', session, { templates })
}

function loginCode(session) {
  return code('login-codes', session)
}

/** The emulator hands out what WeChat would: a one-time code bound to a user. */
function code(kind, session) {
  return ask(kind, session, {})
}

async function ask(kind, { emulator, user }, more) {
  const response = await fetch(`${emulator}/emulator/${kind}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, ...more }),
  })
  if (!response.ok) throw new Error(`the emulator answered ${response.status}`)
  return response.json()
}
