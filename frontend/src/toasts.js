// A toast leaves when it is dismissed, or once there was time to read it.
// Warnings and errors stay; so does a toast under the pointer or with the focus in it.
const PER_CHARACTER_MS = 90
const LEAST_MS = 6000

function watch() {
  /** @type {NodeListOf<HTMLElement>} */
  const toasts = document.querySelectorAll('.toast-note:not([data-watched], [data-stays])')
  for (const toast of toasts) {
    toast.dataset.watched = ''
    leaveLater(toast)
  }
}

/** @param {HTMLElement} toast */
function leaveLater(toast) {
  const characters = toast.innerText.trim().length
  setTimeout(() => {
    if (toast.matches(':hover, :focus-within')) leaveLater(toast)
    else toast.remove()
  }, Math.max(LEAST_MS, characters * PER_CHARACTER_MS))
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element && event.target.closest('[data-dismiss]')
  if (button) button.closest('.toast-note')?.remove()
})
watch()
document.addEventListener('htmx:afterSettle', watch)
