// The page stack: opens and leaves pages, and brings them the user's gestures.
import { createEventChannel } from './event-channel.js'
import { watchPullDown, watchReachBottom } from './gestures.js'

export function createRouter(app, units, createRoot) {
  const stack = []
  const host = document.getElementById('pages')
  const title = document.getElementById('title')
  const bar = document.getElementById('bar')
  const backButton = document.getElementById('back')
  backButton.addEventListener('click', () => router.back())

  const top = () => stack[stack.length - 1]

  function show() {
    for (const page of stack) page.section.hidden = page !== top()
    title.textContent = top().title
    bar.style.background = top().config.navigationBarBackgroundColor ?? '#000000'
    bar.style.color = top().config.navigationBarTextStyle ?? 'white'
    backButton.hidden = stack.length < 2
    // Only the visible page's own style sheet applies.
    for (const style of document.querySelectorAll('style[data-page]')) style.disabled = style.dataset.page !== top().path
  }

  const router = {
    pages: () => stack.map((page) => page.instance),

    /** wx.navigateTo */
    open({ url, events = {} }) {
      const [path, query] = parse(url)
      const unit = units.find((unit) => unit.isPage && unit.path === path)
      if (!unit) throw new Error(`page "${path}" is not found`)
      if (stack.length >= 10) throw new Error('page limit exceeded: max page limit is 10')
      const channel = createEventChannel()
      for (const [name, listener] of Object.entries(events)) channel.opener.on(name, listener)

      top()?.instance.onHide?.()
      const section = document.createElement('section')
      section.className = 'page'
      const placeholder = section.appendChild(document.createElement('span'))
      host.append(section)
      const root = createRoot(path)
      const instance = root.get()
      instance.getOpenerEventChannel = () => channel.opened
      const config = { ...app.window, ...unit.config }
      const page = { path, section, root, instance, config, title: config.navigationBarTitleText ?? '' }
      stack.push(page)
      show()
      root.attach(section, placeholder)
      if (config.enablePullDownRefresh) page.pullDown = watchPullDown(section, () => instance.onPullDownRefresh?.())
      watchReachBottom(section, config.onReachBottomDistance ?? 50, () => instance.onReachBottom?.())
      instance.onLoad?.(query)
      instance.onShow?.()
      instance.onReady?.()
      return { eventChannel: channel.opener }
    },

    /** wx.navigateBack; on the first page nothing happens, as in WeChat. */
    back() {
      if (stack.length < 2) return
      const page = stack.pop()
      page.instance.onUnload?.()
      page.root.release()
      page.section.remove()
      show()
      top().instance.onShow?.()
    },

    setTitle(text) {
      top().title = text
      show()
    },

    stopPullDownRefresh() {
      top().pullDown?.stop()
    },
  }
  return router
}

/** Values stay as they are written: WeChat does not decode them. */
function parse(url) {
  const [path, query = ''] = url.replace(/^\//, '').split('?')
  const pairs = query.split('&').filter(Boolean).map((pair) => pair.split('='))
  return [path, Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join('=')]))]
}
