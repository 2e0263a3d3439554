'use strict'
const $ = id => document.getElementById(id)
const words = {
  offline: ['模拟器没有应答，它还在运行吗？', 'The emulator does not answer. Is it still running?'],
  nothing: ['还没有。', 'Nothing yet.'],
  request: ['请求', 'Request'], answer: ['应答', 'Answer'], message: ['消息', 'Message'], attempts: ['投递', 'Attempts'],
  once: ['次', 'left'], always: ['长期', 'long-term'],
  loggedIn: ['已登录', 'logged in'], loggedOut: ['未登录', 'not logged in'], risk: ['高风险', 'high risk'], minor: ['未成年', 'minor'],
  noPush: ['尚未配置：事件不会推送。', 'Not set: events are not pushed.'], pushTo: ['当前推送到', 'Pushes go to'],
  saved: ['已保存', 'Saved'], verified: ['验证通过', 'Verified'],
  subscribe: ['订阅消息', 'subscribe'], custom: ['客服消息', 'custom'], reply: ['推送回复', 'reply'], from_user: ['用户发的', 'from user'],
  under_way: ['投递中', 'under way'], answered: ['已应答', 'answered'], replied: ['已回复', 'replied'], invalid: ['应答无效', 'invalid answer'], given_up: ['放弃', 'given up'],
  second: ['秒', 's'], minute: ['分钟', 'min'],
}
let language = (navigator.language || 'zh').startsWith('zh') ? 'zh' : 'en'
let tab = 'calls'
let ahead = 0
let clockKnown = false
const opened = new Set()
const say = word => words[word] ? words[word][language === 'zh' ? 0 : 1] : word

function speak(to) {
  language = to
  document.documentElement.lang = to === 'zh' ? 'zh-CN' : 'en'
  document.title = to === 'zh' ? '微信模拟器 · 鹊桥' : 'WeChat emulator · Queqiao'
  for (const element of document.querySelectorAll('[data-zh]')) element.textContent = element.dataset[to]
  for (const element of document.querySelectorAll('[data-hint-zh]')) element.placeholder = element.dataset[to === 'zh' ? 'hintZh' : 'hintEn']
  $('language').textContent = to === 'zh' ? 'English' : '中文'
}

function show(id, error) {
  $(id).hidden = !error
  $(id).textContent = error ? error.message : ''
}

async function ask(path, body, method) {
  let response
  try {
    const how = body === undefined ? { method: method || 'GET' } : { method: 'POST', body: JSON.stringify(body) }
    response = await fetch('/emulator/' + path, how)
  } catch {
    throw new Error(say('offline'))
  }
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error || response.statusText)
  return answer
}

/** Runs an action and shows its failure beside it. */
async function act(errorId, action) {
  try {
    await action()
    show(errorId, null)
  } catch (error) {
    show(errorId, error)
  }
}

function element(name, className, content) {
  const made = document.createElement(name)
  if (className) made.className = className
  for (const part of Array.isArray(content) ? content : [content]) if (part !== undefined && part !== null) made.append(part)
  return made
}
const cell = (content, className) => element('td', className, content)
const tag = (text, kind) => element('span', 'tag ' + (kind || ''), text)
const time = at => new Date(at).toLocaleTimeString('en-GB')
const pretty = value => element('pre', 'mono', JSON.stringify(value, null, 2))

function tick() {
  if (clockKnown) $('now').textContent = new Date(Date.now() + ahead).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })
}

function fill(id, rows, columns) {
  const empty = element('tr', '', element('td', 'empty', say('nothing')))
  empty.firstChild.colSpan = columns
  $(id).replaceChildren(...(rows.length ? rows : [empty]))
}

/** A row that shows more when it is clicked. */
function foldable(key, row, columns, detail) {
  row.className = 'open'
  const more = element('tr', 'detail', element('td', '', detail()))
  more.firstChild.colSpan = columns
  more.hidden = !opened.has(key)
  row.onclick = () => {
    more.hidden = !more.hidden
    more.hidden ? opened.delete(key) : opened.add(key)
  }
  return [row, more]
}
const pair = (left, right) => element('div', 'pair', [left, right].map(([title, value]) => element('div', '', [element('h4', '', title), pretty(value)])))

/** What a content check found, which an errcode 0 does not tell. */
function verdict(answer) {
  const suggest = answer && answer.result && answer.result.suggest
  return suggest ? tag(suggest, { risky: 'bad', review: 'warn' }[suggest] || 'good') : null
}

const views = {
  async calls() {
    const report = await ask('calls')
    fill('calls', report.recent.slice(0, 100).flatMap(call => {
      const errcode = call.answer && call.answer.errcode
      const outcome = call.answer === null ? null : errcode ? tag(errcode + ' ' + String(call.answer.errmsg).split(', rid')[0], 'bad') : tag('ok', 'good')
      const row = element('tr', '', [cell(call.number, 'fit'), cell(time(call.at), 'fit'), cell(call.method + ' ' + call.path, 'mono break'), cell(call.user || '–', 'break name'),
        cell(element('div', 'tags', [outcome, verdict(call.answer), call.fault ? tag(call.fault, 'warn') : null]))])
      return foldable('call' + call.number, row, 5, () => pair([say('request'), call.request], [say('answer'), call.answer]))
    }), 5)
  },
  async users() {
    const users = await ask('users')
    fill('users', users.map(user => {
      const grants = Object.entries(user.grants).map(([template, grant]) => tag(template.slice(0, 12) + (template.length > 12 ? '…' : '') + ' · ' + (grant.always ? say('always') : grant.once + ' ' + say('once')), grant.always || grant.once ? 'good' : ''))
      const state = [tag(say(user.has_session ? 'loggedIn' : 'loggedOut'), user.has_session ? 'good' : ''), user.settings.high_risk ? tag(say('risk'), 'bad') : null, user.settings.minor ? tag(say('minor'), 'warn') : null]
      return element('tr', '', [cell(user.name, 'break name'), cell(user.openid, 'mono break'), cell('+' + user.settings.country_code + ' ' + user.phone_number, 'fit'),
        cell(element('div', 'tags', state)), cell(element('div', 'tags', grants.length ? grants : '–')), cell(time(user.active_at), 'fit')])
    }), 6)
  },
  async messages() {
    const messages = await ask('messages')
    fill('messages', messages.slice(0, 100).map(message => element('tr', '', [cell(message.number, 'fit'), cell(time(message.at), 'fit'), cell(message.user, 'break name'),
      cell(tag(say(message.kind), message.kind === 'from_user' ? '' : 'good'), 'fit'), cell(pretty(message.content))])), 5)
  },
  async pushes() {
    const [pushes, app] = await Promise.all([ask('pushes'), ask('apps/' + encodeURIComponent($('appid').value))])
    $('push-now').textContent = app.push ? say('pushTo') + ' ' + app.push.urls.join(', ') + ' · ' + app.push.mode + ' · ' + app.push.format : say('noPush')
    // As it is set, until somebody writes something else.
    if ($('push-url').dataset.of !== $('appid').value) {
      $('push-url').dataset.of = $('appid').value
      $('push-url').value = app.push ? app.push.urls[0] : location.protocol + '//127.0.0.1:8080/wechat/messages/' + $('appid').value
      if (app.push) for (const name of ['mode', 'format', 'deliveries']) $('push-' + name).value = app.push[name]
    }
    const kinds = { answered: 'good', replied: 'good', invalid: 'bad', given_up: 'bad', under_way: 'warn' }
    fill('pushes', pushes.slice(0, 100).flatMap(push => foldable('push' + push.number, element('tr', '', [cell(push.number, 'fit'), cell(time(push.at), 'fit'), cell(push.name, 'mono'),
      cell(push.user || '–', 'break name'), cell(push.attempts.length, 'fit'), cell(tag(say(push.outcome), kinds[push.outcome]), 'fit')]), 6,
    () => pair([say('message'), push.message], [say('attempts'), push.attempts]))), 6)
  },
  async quotas() {
    const quotas = await ask('apps/' + encodeURIComponent($('appid').value) + '/quotas')
    quotas.sort((a, b) => b.used - a.used || a.daily_limit - b.daily_limit)
    fill('quotas', quotas.map(quota => {
      const bar = element('div', 'bar', element('i'))
      bar.firstChild.style.width = Math.min(100, 100 * quota.used / Math.max(1, quota.daily_limit)) + '%'
      const number = value => value.toLocaleString('en-US')
      return element('tr', '', [cell(quota.path, 'mono break'), cell(number(quota.used), 'fit'), cell(number(quota.daily_limit), 'fit'),
        cell(number(quota.rate) + ' / ' + (quota.window === 60 ? say('minute') : quota.window + ' ' + say('second')), 'fit'), cell(bar)])
    }), 5)
  },
  async faults() {
    const faults = await ask('faults')
    const told = fault => (fault.path || '*') + ' · ' + (typeof fault.damage === 'string' ? fault.damage : Object.entries(fault.damage)[0].join(' ')) + (fault.times ? ' × ' + fault.times : '') + (fault.probability < 1 ? ' · ' + fault.probability : '')
    $('faults').replaceChildren(...(faults.length ? faults.map(fault => tag(told(fault), 'warn')) : [element('span', 'hint', say('nothing'))]))
  },
  async settings() {
    const settings = await ask('settings')
    for (const input of document.querySelectorAll('[data-setting]')) {
      if (document.activeElement === input) continue
      const value = settings[input.dataset.setting]
      input.type === 'checkbox' ? input.checked = value : input.value = value
    }
    const kinds = { risky: 'bad', review: 'warn', pass: 'good' }
    $('rules').replaceChildren(...settings.rules.map((rule, at) => {
      const shown = tag((rule.user ? rule.user + ': ' : '') + (rule.contains || '*') + ' → ' + rule.suggest + (rule.times ? ' × ' + rule.times : '') + '  ✕', kinds[rule.suggest])
      shown.style.cursor = 'pointer'
      shown.onclick = () => act('settings-error', async () => {
        await ask('settings', { rules: settings.rules.filter((_, other) => other !== at) })
        await views.settings()
      })
      return shown
    }))
  },
}

async function refresh() {
  await act('user-error', async () => {
    const clock = await ask('clock')
    ahead = Date.parse(clock.now) - Date.now()
    clockKnown = true
    $('steps').hidden = !clock.movable
    tick()
    await views[tab]()
    await names()
  })
}

async function names() {
  const [users, app] = await Promise.all([ask('users'), ask('apps/' + encodeURIComponent($('appid').value))])
  $('names').replaceChildren(...[...new Set(users.map(user => user.name))].map(name => new Option(name, name)))
  $('templates').replaceChildren(...app.templates.map(template => new Option(template.title || template.id, template.id)))
  const me = users.find(user => user.name === $('user').value && user.appid === $('appid').value)
  const settings = me ? me.settings : { high_risk: false, minor: false, risk_rank: 0 }
  $('high_risk').checked = settings.high_risk
  $('minor').checked = settings.minor
  $('risk_rank').value = String(settings.risk_rank)
}

function choose(name) {
  tab = name
  location.hash = name
  for (const button of $('tabs').children) button.setAttribute('aria-selected', String(button.dataset.tab === name))
  for (const panel of document.querySelectorAll('[data-panel]')) panel.hidden = panel.dataset.panel !== name
  refresh()
}

const me = () => ({ appid: $('appid').value, user: $('user').value.trim() })
function tell(value) {
  $('result').hidden = false
  $('result').textContent = typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}
/** How a push went, in a line. */
const pushed = answer => answer.push ? answer.push.name + ': ' + say(answer.push.outcome) : say('noPush')
const actions = {
  login: async () => tell((await ask('login-codes', me())).code),
  phone: async () => tell((await ask('phone-codes', me())).code),
  profile: async () => tell(await ask('encrypted-data', me())),
  expire: async () => tell(await ask('sessions', { ...me(), expire: true })),
  accept: async () => tell(await ask('subscriptions', { ...me(), templates: { [$('template').value.trim()]: true } })),
  reject: async () => tell(await ask('subscriptions', { ...me(), templates: { [$('template').value.trim()]: false } })),
  cancel: async () => tell(await ask('subscriptions', { ...me(), cancel: [$('template').value.trim()] })),
  write: async () => { tell(pushed(await ask('messages', { ...me(), text: $('text').value || $('text').placeholder }))); $('text').value = '' },
  enter: async () => tell(pushed(await ask('conversations', me()))),
  risky: async () => tell((await ask('verdicts', { suggest: 'risky', user: me().user, times: 1 }))[0]),
  review: async () => tell((await ask('verdicts', { suggest: 'review', user: me().user, times: 1 }))[0]),
}
for (const button of document.querySelectorAll('[data-do]')) {
  button.onclick = () => act('user-error', async () => { await actions[button.dataset.do](); await views[tab]() })
}
const mark = settings => act('user-error', () => ask('users', { ...me(), settings }))
for (const name of ['high_risk', 'minor']) $(name).onchange = event => mark({ [name]: event.target.checked })
$('risk_rank').onchange = event => mark({ risk_rank: Number(event.target.value) })

$('language').onclick = () => { speak(language === 'zh' ? 'en' : 'zh'); refresh() }
$('steps').onclick = event => {
  if (event.target.dataset.seconds) act('user-error', async () => { await ask('clock', { advance: Number(event.target.dataset.seconds) }); await refresh() })
}
$('tabs').onclick = event => {
  const button = event.target.closest('[data-tab]')
  if (button) choose(button.dataset.tab)
}
$('appid').onchange = refresh
$('user').onchange = refresh

$('push').onsubmit = event => {
  event.preventDefault()
  act('push-error', async () => {
    const push = { urls: [$('push-url').value.trim()], token: $('push-token').value, mode: $('push-mode').value, format: $('push-format').value, deliveries: Number($('push-deliveries').value) }
    if ($('push-key').value) push.aes_key = $('push-key').value
    await ask('apps/' + encodeURIComponent($('appid').value) + '/push', push)
    tell(say('saved'))
    await views.pushes()
  })
}
$('verify').onclick = () => act('push-error', async () => {
  await ask('apps/' + encodeURIComponent($('appid').value) + '/push/verify', {})
  tell(say('verified'))
})
$('fault').onsubmit = event => {
  event.preventDefault()
  act('fault-error', async () => {
    const fault = { path: $('fault-path').value.trim() || null, damage: JSON.parse($('damage').value), probability: Number($('fault-probability').value), times: Number($('fault-times').value) || null }
    if ($('fault-acts').checked) fault.acts = true
    await ask('faults', fault)
    await views.faults()
  })
}
$('clear-faults').onclick = () => act('fault-error', async () => { await ask('faults', undefined, 'DELETE'); await views.faults() })
for (const input of document.querySelectorAll('[data-setting]')) {
  input.onchange = () => act('settings-error', async () => {
    const name = input.dataset.setting
    const value = input.type === 'checkbox' ? input.checked : input.type === 'number' || name === 'reused_code' ? Number(input.value) : input.value.trim()
    await ask('settings', { [name]: value })
  })
}
$('rule').onsubmit = event => {
  event.preventDefault()
  act('settings-error', async () => {
    await ask('verdicts', { contains: $('contains').value, suggest: $('suggest').value })
    $('contains').value = ''
    await views.settings()
  })
}

speak(new URLSearchParams(location.search).get('lang') || language)
act('user-error', async () => {
  for (const appid of await ask('apps')) $('appid').add(new Option(appid))
  choose(views[location.hash.slice(1)] ? location.hash.slice(1) : 'calls')
})
setInterval(refresh, 2000)
setInterval(tick, 500)
