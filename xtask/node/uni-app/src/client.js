// The generated client gets uni-app's host in place of `wx`. Each method is named in the text: a build for browsers leaves out
// what no `uni.…` names. In WeChat, where there is a `wx`, nothing of this is needed.
import { configure } from 'todo/api/index.js'

// #ifdef H5
const { api, emulator, user } = Object.fromEntries(new URLSearchParams(location.search))
configure({
  baseUrl: api,
  host: {
    request: (options) => uni.request(options),
    getStorageSync: (key) => uni.getStorageSync(key),
    setStorageSync: (key, value) => uni.setStorageSync(key, value),
    showModal: (options) => uni.showModal(options),
    onAppShow: (listener) => uni.onAppShow(listener),
    onAppHide: (listener) => uni.onAppHide(listener),
  },
  // A browser has no wx.login; here the emulator gives the code that WeChat would.
  loginCode: () =>
    new Promise((resolve, reject) => {
      uni.request({
        url: `${emulator}/emulator/login-codes`,
        method: 'POST',
        data: { user },
        success: ({ data }) => resolve(data.code),
        fail: reject,
      })
    }),
})
// #endif
