// Copies what the server answers to `form[data-copy]`. Where the browser lets no script near the
// clipboard, the form is sent plainly: its page shows the text to copy by hand.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (!(form instanceof HTMLFormElement) || !form.matches('[data-copy]')) return
  if (!navigator.clipboard) return
  event.preventDefault()
  copy(form).catch(() => form.submit())
})

/** @param {HTMLFormElement} form */
async function copy(form) {
  const response = await fetch(form.action, {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new FormData(form),
  })
  const { text } = await response.json()
  await navigator.clipboard.writeText(text)
  say(form)
}

/** @param {HTMLFormElement} form */
function say(form) {
  const words = form.querySelector('[data-copy-words]')
  if (!(words instanceof HTMLElement)) return
  const before = words.textContent
  const copied = words.dataset.copied ?? ''
  if (before === copied) return
  words.textContent = copied
  const status = document.querySelector('[data-copy-status]')
  if (status) status.textContent = copied
  setTimeout(() => (words.textContent = before), 3000)
}
