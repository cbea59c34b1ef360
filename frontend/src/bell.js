// Keeps the count on the bell true while the page stays open: every half minute, and at once when
// a push came. A page that nobody sees asks for nothing; it looks when it is seen again.
const PAUSE_MS = 30_000

/** @type {ReturnType<typeof setInterval> | undefined} */
let timer

function look() {
  document.querySelector('#bell')?.dispatchEvent(new Event('look'))
}

function watch() {
  clearInterval(timer)
  timer = document.hidden ? undefined : setInterval(look, PAUSE_MS)
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) look()
  watch()
})
navigator.serviceWorker?.addEventListener('message', look)
watch()
