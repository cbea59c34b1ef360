// Invoker commands (command="show-modal") for browsers that lack them; popovers need no script.
if (!('commandForElement' in HTMLButtonElement.prototype)) {
  document.addEventListener('click', (event) => {
    const button = target(event)?.closest('button[commandfor]')
    if (!button) return
    const dialog = document.getElementById(button.getAttribute('commandfor') ?? '')
    if (!(dialog instanceof HTMLDialogElement)) return
    if (button.getAttribute('command') === 'show-modal') dialog.showModal()
    if (button.getAttribute('command') === 'close') dialog.close()
  })
}

// A click on the backdrop closes a dialog marked data-light.
document.addEventListener('click', (event) => {
  const dialog = target(event)
  if (dialog instanceof HTMLDialogElement && dialog.matches('[data-light]')) dialog.close()
})

// A dialog that holds an answer with errors opens again by itself.
function reopen() {
  /** @type {NodeListOf<HTMLDialogElement>} */
  const dialogs = document.querySelectorAll('dialog[data-open]:not([open])')
  for (const dialog of dialogs) dialog.showModal()
}
reopen()
document.addEventListener('htmx:afterSettle', reopen)

// A popover tells that it opened, so that htmx can load it then: hx-trigger="opened".
document.addEventListener('toggle', (event) => {
  if (event instanceof ToggleEvent && event.newState === 'open') target(event)?.dispatchEvent(new Event('opened'))
}, true)

/** @param {Event} event */
function target(event) {
  return event.target instanceof Element ? event.target : null
}
