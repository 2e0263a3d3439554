// What a native page gives to `Page()`, as the options of a Vue page.
const LIFECYCLE = ['onLoad', 'onShow', 'onReady', 'onHide', 'onUnload', 'onPullDownRefresh', 'onReachBottom']

export function fromNative(page) {
  const own = Object.entries(page).filter(([name]) => name !== 'data' && !LIFECYCLE.includes(name))
  const methods = Object.fromEntries(own.filter(([, value]) => typeof value === 'function'))
  const fields = Object.fromEntries(own.filter(([, value]) => typeof value !== 'function'))
  return {
    ...Object.fromEntries(LIFECYCLE.filter((name) => page[name]).map((name) => [name, page[name]])),
    data: () => JSON.parse(JSON.stringify(page.data)),
    beforeCreate() {
      Object.assign(this, fields)
    },
    created() {
      // Pages read `this.data`, Vue keeps it as `$data`.
      this.data = this.$data
    },
    methods: {
      ...methods,
      setData(changes) {
        for (const [place, value] of Object.entries(changes)) {
          const path = place.split(/[.[\]]+/).filter(Boolean)
          const last = path.pop()
          path.reduce((inside, name) => inside[name], this.$data)[last] = value
        }
      },
    },
  }
}
