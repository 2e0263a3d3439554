// @ts-check
const api = require('../../api/index')
const { describe, toast } = require('../../failure')

const ANSWERS = { accept: '有新评论会通知你', reject: '不会通知你', ban: '暂时无法通知', filter: '暂时无法通知' }

Component({
  data: {},

  methods: {
    /** One message for each yes: so the button stays. Nothing may be waited for before WeChat is asked. */
    async onAsk() {
      try {
        const { commented } = await api.requestSubscribe(['commented'])
        toast(ANSWERS[commented])
      } catch (e) {
        toast(describe(e))
      }
    },
  },
})
