// A passkey that is refused, or a prompt that is closed, is said on the page instead of the console.
document.addEventListener('allauth.error', (event) => {
  const words = document.querySelector('[data-passkey-refused]')
  if (!(words instanceof HTMLElement)) return
  event.preventDefault()
  words.hidden = false
})
