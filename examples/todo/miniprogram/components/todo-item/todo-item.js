// @ts-check

/** @param {number} number */
function twoDigits(number) {
  return number < 10 ? '0' + number : String(number)
}

/** `今天 09:05`, `3月8日 09:05` or `2024年3月8日`. @param {string} instant RFC 3339 */
function spoken(instant) {
  const then = new Date(instant)
  const now = new Date()
  const time = twoDigits(then.getHours()) + ':' + twoDigits(then.getMinutes())
  if (then.toDateString() === now.toDateString()) return '今天 ' + time
  const day = then.getMonth() + 1 + '月' + then.getDate() + '日'
  return then.getFullYear() === now.getFullYear() ? day + ' ' + time : then.getFullYear() + '年' + day
}

Component({
  properties: {
    /** A todo as the server sends it; `busy` while a change of it is under way. */
    todo: { type: Object },
  },

  data: { time: '' },

  observers: {
    'todo.createdAt'(createdAt) {
      this.setData({ time: createdAt ? spoken(createdAt) : '' })
    },
  },

  methods: {
    onFinish() {
      this.triggerEvent('finish', { id: this.data.todo.id })
    },
    onEdit() {
      this.triggerEvent('edit', { id: this.data.todo.id })
    },
    onRemove() {
      this.triggerEvent('remove', { id: this.data.todo.id })
    },
  },
})
