// What a user does in the todo mini-program, by what the screen shows: texts and roles, no test ids.

/** @param {import('playwright-core').Page} page */
export function createTodoUser(page) {
  const visible = (selector) => page.locator(`.page:not([hidden]) ${selector}`)
  const titles = () => visible('[role=listitem] .title, [role=listitem] [class*="--title"]')
  const button = (name) => visible(`button:text-is("${name}")`)

  return {
    titles: () => titles().allInnerTexts(),
    doneTitles: () => visible('[role=listitem]:has([role=checkbox][aria-checked=true]) [class*="--title"]').allInnerTexts(),
    text: () => visible('page').innerText(),
    toast: () => page.locator('#toast:not([hidden])').innerText({ timeout: 5000 }).catch(() => ''),
    alert: () => visible('[role=alert]').first().innerText({ timeout: 5000 }).catch(() => ''),
    heading: () => page.locator('#title').innerText(),
    tap: (name) => button(name).tap(),
    /** Taps where the button was, whatever it says by then. */
    async tapAtOnce(name, times) {
      const { x, y, width, height } = await button(name).boundingBox()
      for (let tap = 0; tap < times; tap += 1) await page.touchscreen.tap(x + width / 2, y + height / 2)
    },
    filter: (name) => visible(`[role=tab]:text-is("${name}")`).tap(),
    back: () => page.locator('#back').tap(),
    finish: (title) => page.getByRole('checkbox', { name: `完成：${title}` }).tap(),
    edit: (title) => page.getByRole('button', { name: `编辑：${title}` }).tap(),

    async fill({ title, note }) {
      if (title !== undefined) await visible('input').fill(title)
      if (note !== undefined) await visible('textarea').fill(note)
    },

    async add(title) {
      await button('新建待办').tap()
      await visible('input').fill(title)
      await button('保存').tap()
      await titles().first().waitFor()
    },

    /** Taps 删除 and answers the question. */
    async remove(title, answer = '删除') {
      await page.getByRole('button', { name: `删除：${title}` }).tap()
      await page.locator(`#modal button:text-is("${answer}")`).tap()
    },

    async scrollToEnd() {
      await page.mouse.move(180, 400)
      await page.mouse.wheel(0, 20_000)
    },

    /** Draws the page down with one finger and lets go. */
    async pullDown() {
      const session = await page.context().newCDPSession(page)
      const touch = (type, y) =>
        session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: 180, y }] })
      await touch('touchStart', 200)
      for (let y = 220; y <= 360; y += 20) await touch('touchMove', y)
      await touch('touchEnd')
      await session.detach()
    },
  }
}
