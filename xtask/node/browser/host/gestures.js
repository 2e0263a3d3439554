// Pull-down refresh and reach-bottom, from the user's finger and the scroll position.

const PULL_DISTANCE = 60

/** Pulling the page down at its top by 60 px and letting go starts a refresh, which lasts until `stop()`. */
export function watchPullDown(section, onRefresh) {
  let start = null
  let pulled = 0
  section.addEventListener('touchstart', (event) => {
    start = section.scrollTop <= 0 ? event.touches[0].clientY : null
    pulled = 0
  })
  section.addEventListener('touchmove', (event) => {
    if (start !== null) pulled = event.touches[0].clientY - start
  }, { passive: true })
  section.addEventListener('touchend', () => {
    if (start === null || pulled < PULL_DISTANCE || section.classList.contains('refreshing')) return
    section.classList.add('refreshing')
    onRefresh()
  })
  return { stop: () => section.classList.remove('refreshing') }
}

/** Fires once each time the page's end comes nearer than `distance` px. */
export function watchReachBottom(section, distance, onReachBottom) {
  let near = false
  section.addEventListener('scroll', () => {
    const rest = section.scrollHeight - section.clientHeight - section.scrollTop
    const isNear = rest < distance
    if (isNear && !near) onReachBottom()
    near = isNear
  })
}
