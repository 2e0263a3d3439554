// What WeChat draws over a page: toasts and modal dialogues.

export function createScreen() {
  const toast = document.getElementById('toast')
  const modal = document.getElementById('modal')
  let timer

  return {
    showToast({ title, duration = 1500 }) {
      toast.textContent = title
      toast.hidden = false
      clearTimeout(timer)
      timer = setTimeout(() => { toast.hidden = true }, duration)
    },

    hideToast() {
      toast.hidden = true
    },

    showModal({ title = '', content = '', showCancel = true, cancelText = '取消', confirmText = '确定', confirmColor = '' }) {
      const [heading, text] = [modal.querySelector('h2'), modal.querySelector('p')]
      const [cancel, confirm] = modal.querySelectorAll('button')
      heading.textContent = title
      text.textContent = content
      cancel.textContent = cancelText
      cancel.hidden = !showCancel
      confirm.textContent = confirmText
      confirm.style.color = confirmColor
      modal.showModal()
      return new Promise((resolve) => {
        const close = (result) => { modal.close(); resolve(result) }
        cancel.onclick = () => close({ confirm: false, cancel: true })
        confirm.onclick = () => close({ confirm: true, cancel: false })
      })
    },
  }
}
