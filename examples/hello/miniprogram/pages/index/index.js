// @ts-check
const api = require('../../api/index')

Page({
  data: { answer: '' },

  async onHello() {
    try {
      const { greeting } = await api.hello({ name: '鹊桥' })
      this.setData({ answer: greeting })
    } catch (e) {
      if (!api.hello.failed(e)) throw e
      this.setData({ answer: '没有成功：' + e.code })
    }
  },
})
