// A form that takes a while to be answered: its button says so, and it is sent once.
addEventListener('submit', (event) => {
  const form = event.target
  if (!(form instanceof HTMLFormElement) || !form.matches('[data-busy]')) return
  if (form.ariaBusy === 'true') event.preventDefault()
  form.ariaBusy = 'true'
})

// Back from the next page: the browser may show this one as it was left, busy.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  for (const form of document.querySelectorAll('form[data-busy]')) form.ariaBusy = 'false'
})
