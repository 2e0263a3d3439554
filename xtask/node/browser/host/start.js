// Starts a bundled mini-program on glass-easel. The page's URL says which server it talks to:
// ?api=<base URL>&emulator=<base URL>&user=<who wx.login signs in>
import * as glassEasel from 'glass-easel'
import { MiniProgramEnv } from 'glass-easel-miniprogram-adapter'
import { defineElements, eventDetail } from './elements.js'
import { createRouter } from './router.js'
import { createScreen } from './screen.js'
import { askPhoneNumber, createWx } from './wx.js'

export function start({ app, templates, units, styles, client, launch }) {
  const session = Object.fromEntries(new URLSearchParams(location.search))
  const environment = new MiniProgramEnv()
  const code = environment.createCodeSpace('', true)
  const backend = associateBackend(environment)
  const screen = createScreen()
  defineElements(code.getComponentSpace(), templates, { getPhoneNumber: () => askPhoneNumber(session, screen) })
  addStyles(styles, units)

  const router = createRouter(app, units, (path) => backend.createRoot('page', code, path))
  globalThis.wx = createWx(app, session, screen, router)
  globalThis.getCurrentPages = () => router.pages()
  // A bundle has its client inside: it reads the address from what it was launched with.
  client?.().configure({ baseUrl: session.api })

  let launched = {}
  globalThis.App = (options) => { launched = options }
  globalThis.getApp = () => launched
  launch()
  for (const unit of units) register(code, templates, unit)
  launched.onLaunch?.(wx.getLaunchOptionsSync())
  launched.onShow?.(wx.getLaunchOptionsSync())
  router.open({ url: app.pages[0] })
}

function register(code, templates, unit) {
  code.addComponentStaticConfig(unit.path, unit.config)
  code.addStyleSheet(unit.path, undefined, unit.classPrefix)
  code.addCompiledTemplate(unit.path, { groupList: templates, content: templates[unit.path] })
  code.globalComponentEnv(globalThis, unit.path, unit.load)
}

function associateBackend(environment) {
  const context = new glassEasel.CurrentWindowBackendContext()
  context.onEvent((element, type, detail, options) => {
    // A disabled button hears no tap in WeChat; the DOM's touch events reach it.
    if (type === 'tap' && element.$$?.disabled) return undefined
    return glassEasel.Event.triggerEvent(element, type, eventDetail(element, type, detail), options)
  })
  return environment.associateBackend(context)
}

function addStyles(styles, units) {
  for (const { owner, text } of styles) {
    const style = document.createElement('style')
    style.textContent = text
    if (units.some((unit) => unit.isPage && unit.path === owner)) style.dataset.page = owner
    document.head.append(style)
  }
}
