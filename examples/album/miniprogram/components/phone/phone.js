// @ts-check
const api = require('../../api/index')
const { describe, toast } = require('../../failure')

Component({
  data: {
    masked: '',
  },

  methods: {
    /** The user may say no: then there is no code. @param {{ detail: { code?: string } }} event */
    async onPhone(event) {
      if (!event.detail.code) return
      try {
        const phone = await api.addPhone(event.detail.code)
        this.setData({ masked: phone.masked })
      } catch (e) {
        toast(describe(e))
      }
    },
  },
})
