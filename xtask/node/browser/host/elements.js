// WeChat's built-in tags, as far as the examples need them: the host element in the DOM is the native element itself.

/** Properties of the mini-program's tag that become attributes of the DOM element. */
const ARIA = { ariaRole: 'role', ariaLabel: 'aria-label', ariaChecked: 'aria-checked', ariaSelected: 'aria-selected',
  ariaDisabled: 'aria-disabled', ariaHidden: 'aria-hidden', hidden: 'hidden' }

const box = { template: 'wx/container', properties: {} }
const field = {
  template: 'wx/leaf',
  properties: {
    value: (dom, value) => { if (dom.value !== String(value ?? '')) dom.value = value ?? '' },
    placeholder: (dom, value) => { dom.placeholder = value ?? '' },
    disabled: (dom, value) => { dom.disabled = Boolean(value) },
    focus: (dom, value) => { if (value) requestAnimationFrame(() => dom.focus()) },
    // https://developers.weixin.qq.com/miniprogram/dev/component/input.html: 140 by default, -1 is no limit.
    maxlength: (dom, value) => (value < 0 ? dom.removeAttribute('maxlength') : dom.setAttribute('maxlength', value ?? 140)),
    confirmType: () => {},
  },
  created: (dom) => dom.setAttribute('maxlength', '140'),
  detail: { input: valueDetail, focus: valueDetail, blur: valueDetail },
}

function valueDetail(dom) {
  return { value: dom.value, cursor: dom.selectionStart }
}

export const ELEMENTS = {
  view: box,
  text: { ...box, properties: { userSelect: () => {} } },
  label: box,
  'scroll-view': {
    ...box,
    properties: {
      scrollY: (dom, value) => { dom.style.overflowY = value ? 'auto' : '' },
      scrollX: (dom, value) => { dom.style.overflowX = value ? 'auto' : '' },
    },
    detail: { scroll: (dom) => ({ scrollTop: dom.scrollTop, scrollLeft: dom.scrollLeft, scrollHeight: dom.scrollHeight }) },
  },
  button: {
    ...box,
    created(dom, element) {
      dom.type = 'button'
      dom.addEventListener('click', async () => {
        const ask = openTypes[dom.openType]
        if (ask) element.triggerEvent(dom.openType.toLowerCase(), await ask())
      })
    },
    properties: {
      // https://developers.weixin.qq.com/miniprogram/dev/component/button.html
      openType: (dom, value) => {
        if (value && !openTypes[value]) throw new Error(`the host has no open-type="${value}": add it in browser/host/start.js`)
        dom.openType = value
      },
      disabled: (dom, value) => { dom.disabled = Boolean(value) },
      type: (dom, value) => dom.setAttribute('wx-type', value ?? 'default'),
      size: (dom, value) => dom.setAttribute('size', value ?? 'default'),
    },
  },
  input: {
    ...field,
    created(dom, element) {
      field.created(dom)
      dom.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') element.triggerEvent('confirm', valueDetail(dom))
      })
    },
  },
  textarea: field,
  image: {
    template: 'wx/leaf',
    // The DOM's own <image> is nobody: a background shows the picture, and another element hears whether it came.
    created: (dom, element) => {
      dom.setAttribute('role', 'img')
      dom.picture = new Image()
      dom.picture.addEventListener('load', () => {
        dom.dataset.loaded = 'true'
        element.triggerEvent('load', { width: dom.picture.naturalWidth, height: dom.picture.naturalHeight })
      })
      dom.picture.addEventListener('error', () => element.triggerEvent('error', { errMsg: 'GET failed' }))
    },
    properties: {
      src: (dom, value) => {
        delete dom.dataset.loaded
        if (value) dom.picture.src = value
        dom.style.backgroundImage = value ? `url(${JSON.stringify(value)})` : ''
      },
      mode: (dom, value) => { dom.style.backgroundSize = { aspectFill: 'cover', aspectFit: 'contain' }[value] ?? '100% 100%' },
      lazyLoad: () => {},
    },
  },
  progress: {
    template: 'wx/leaf',
    created: (dom) => { dom.max = 100 },
    properties: {
      percent: (dom, value) => { dom.value = value ?? 0 },
      activeColor: () => {},
      strokeWidth: () => {},
      showInfo: () => {},
    },
  },
  'checkbox-group': box,
  checkbox: {
    ...box,
    properties: {
      value: (dom, value) => { dom.dataset.value = value ?? '' },
      checked: (dom, value) => dom.setAttribute('aria-checked', String(Boolean(value))),
      disabled: (dom, value) => dom.setAttribute('aria-disabled', String(Boolean(value))),
    },
    created(dom, element) {
      dom.setAttribute('role', 'checkbox')
      dom.addEventListener('click', () => {
        if (dom.getAttribute('aria-disabled') === 'true') return
        dom.setAttribute('aria-checked', String(dom.getAttribute('aria-checked') !== 'true'))
        const group = dom.closest('checkbox-group')
        if (!group) return
        const checked = [...group.querySelectorAll('checkbox[aria-checked=true]')]
        group.__wxElement.triggerEvent('change', { value: checked.map((other) => other.dataset.value) })
      })
    },
  },
}

/** What a button's `open-type` asks the user for: the detail of the event that bears its name. */
let openTypes = {}

/** Registers the tags in the code space; `templates` has `wx/container` and `wx/leaf`. */
export function defineElements(space, templates, answers) {
  openTypes = answers
  for (const [tag, element] of Object.entries(ELEMENTS)) {
    const apply = { ...element.properties }
    for (const [name, attribute] of Object.entries(ARIA)) apply[name] = (dom, value) => setAttribute(dom, attribute, value)
    let definition = space
      .define(`wx/${tag}`)
      .template({ groupList: templates, content: templates[element.template] })
      .lifetime('created', function () { element.created?.(this.$$, this) })
    for (const [name, set] of Object.entries(apply)) {
      definition = definition
        .property(name, { type: null, value: undefined })
        .observer(name, function () { set(this.$$, this.data[name]) })
    }
    space.setGlobalUsingComponent(tag, definition.registerComponent())
  }
}

/** The detail that WeChat gives with a DOM event on one of these tags. */
export function eventDetail(element, type, detail) {
  const tag = ELEMENTS[element.is?.replace(/^wx\//, '')]
  return tag?.detail?.[type] ? tag.detail[type](element.$$) : detail
}

function setAttribute(dom, name, value) {
  if (value === undefined || value === null || (name === 'hidden' && !value)) dom.removeAttribute(name)
  else dom.setAttribute(name, String(value))
}
