// The two ends of an EventChannel (https://developers.weixin.qq.com/miniprogram/dev/api/route/EventChannel.html):
// what one end emits, the listeners of the other hear.

export function createEventChannel() {
  const [opener, opened] = [createEnd(), createEnd()]
  opener.other = opened
  opened.other = opener
  return { opener, opened }
}

function createEnd() {
  const listeners = new Map()
  return {
    other: null,
    on(name, listener) {
      listeners.set(name, [...(listeners.get(name) ?? []), listener])
    },
    off(name, listener) {
      listeners.set(name, (listeners.get(name) ?? []).filter((other) => listener && other !== listener))
    },
    emit(name, ...args) {
      this.other.hear(name, args)
    },
    hear(name, args) {
      for (const listener of listeners.get(name) ?? []) listener(...args)
    },
  }
}
