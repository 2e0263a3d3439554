// The emulator's console as a developer sees it: each tab in Chinese and English, on a desk and on a phone.

const SCREENS = { desk: { width: 1280, height: 900 }, phone: { width: 375, height: 812 } }
/** The tabs, and whether there have to be rows in their tables. */
const TABS = { calls: true, users: true, messages: true, pushes: true, quotas: true, faults: false, settings: false }

/** Something in every tab: what the buttons of the console do. */
async function fill(emulator) {
  const ask = async (path, body) => {
    const answer = await fetch(`${emulator}/emulator/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`POST /emulator/${path} answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }
  const user = 'xiao-ming'
  const { code } = await ask('login-codes', { user })
  const [appid] = await (await fetch(`${emulator}/emulator/apps`)).json()
  const session = new URLSearchParams({ appid, secret: '0'.repeat(32), js_code: code, grant_type: 'authorization_code' })
  await fetch(`${emulator}/sns/jscode2session?${session}`)
  await fetch(`${emulator}/sns/jscode2session?${session}`)
  await ask('subscriptions', { user, templates: { 'a-template-with-quite-a-long-id-of-43-characters': true } })
  await ask('messages', { user, text: '在吗？我的照片怎么都不见了，能帮我看一下吗？' })
  await ask('users', { user: 'a-user-whose-name-is-as-long-as-it-may-be', settings: { high_risk: true, minor: true } })
  await ask('faults', { path: '/wxa/never-called/*', damage: { errcode: 45009 }, times: 3, probability: 0.5 })
  await ask('verdicts', { contains: '广告', suggest: 'risky', user })
}

/** What of the page lies outside of the screen, or is cut off. A phone may scroll a table sideways; a desk is wide enough. */
function cutOff(screen) {
  const wide = document.documentElement.scrollWidth > window.innerWidth ? ['the page is wider than the screen'] : []
  const visible = [...document.querySelectorAll('body *')].filter((one) => one.getClientRects().length > 0 && !one.closest('.scroll, pre, svg, select, datalist'))
  const cut = visible.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible' && !['INPUT', 'TEXTAREA'].includes(one.tagName))
  const tables = [...document.querySelectorAll('.scroll')].filter((one) => screen === 'desk' && one.scrollWidth > one.clientWidth + 1)
  const untold = visible.filter((one) => one.dataset.zh !== undefined && one.textContent.trim() === '')
  return wide.concat([...cut, ...tables, ...untold].map((one) => `${one.tagName} ${one.id || one.className}: ${one.textContent.slice(0, 40)}`))
}

/** A scenario. */
export async function consoleIsReadable({ phone, server, same, shot }) {
  await fill(server.emulator)
  const browser = phone.page.context().browser()
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    const context = await browser.newContext({ viewport, deviceScaleFactor: screen === 'phone' ? 2 : 1 })
    const page = await context.newPage()
    page.on('pageerror', (error) => phone.crashes.push(String(error.stack ?? error)))
    for (const language of ['zh', 'en']) {
      await page.goto(`${server.emulator}/emulator?lang=${language}`)
      await page.locator('#appid option').first().waitFor({ state: 'attached' })
      for (const [tab, hasRows] of Object.entries(TABS)) {
        await page.locator(`[data-tab=${tab}]`).click()
        const rows = page.locator(`[data-panel=${tab}] tbody tr:not(:has(.empty))`)
        if (hasRows) await rows.first().waitFor()
        const open = page.locator(`[data-panel=${tab}] tr.open`).first()
        if (await open.count()) await open.click()
        same(`${screen}, ${language}, ${tab}: nothing is cut off`, await page.evaluate(cutOff, screen), [])
        await shot(`${screen}-${language}-${tab}`, page)
      }
    }
    await context.close()
  }
}
