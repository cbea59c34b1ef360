// Rows of tbody[data-reorder] move by their handle: arrow keys, or dragging with mouse or finger.
// The forms in each row's menu do the same without a script.
const DRAG_FROM_PX = 6

let sent = Promise.resolve()

for (const body of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-reorder]'))) {
  body.addEventListener('keydown', (event) => byKey(body, event))
  body.addEventListener('pointerdown', (event) => byPointer(body, event))
}

/** @param {HTMLElement} body @param {KeyboardEvent} event */
function byKey(body, event) {
  const handle = handleOf(event)
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
  if (!handle || !step || event.target !== handle) return
  event.preventDefault()
  const row = rowOf(handle)
  const place = rowsOf(body).indexOf(row) + step
  if (place < 0 || place >= rowsOf(body).length) return
  put(body, row, place)
  save(body, row)
}

/** @param {HTMLElement} body @param {PointerEvent} event */
function byPointer(body, event) {
  const handle = handleOf(event)
  if (!handle || event.button !== 0) return
  const row = rowOf(handle)
  const from = rowsOf(body).indexOf(row)
  let dragging = false
  const done = new AbortController()
  handle.setPointerCapture(event.pointerId)

  handle.addEventListener('pointermove', (moved) => {
    if (!dragging && Math.abs(moved.clientY - event.clientY) < DRAG_FROM_PX) return
    dragging = true
    row.dataset.dragging = ''
    const place = rowsOf(body).filter((other) => other !== row && middle(other) < moved.clientY).length
    if (place !== rowsOf(body).indexOf(row)) put(body, row, place)
  }, { signal: done.signal })

  const stop = () => {
    done.abort()
    delete row.dataset.dragging
    if (!dragging) return
    // The click that ends a drag is no wish for the menu.
    handle.addEventListener('click', (click) => click.preventDefault(), { once: true })
    if (rowsOf(body).indexOf(row) !== from) save(body, row)
  }
  handle.addEventListener('pointerup', stop, { signal: done.signal })
  handle.addEventListener('pointercancel', stop, { signal: done.signal })
}

/** @param {HTMLElement} body @param {HTMLElement} row @param {number} place */
function put(body, row, place) {
  // The others move around it: a row that leaves the page loses its focus and its drag.
  const others = rowsOf(body).filter((other) => other !== row)
  for (const other of others.slice(0, place)) body.insertBefore(other, row)
  for (const other of others.slice(place).reverse()) body.insertBefore(other, row.nextSibling)
  rowsOf(body).forEach((each, index, all) => {
    const [earlier, later] = formOf(each).querySelectorAll('button')
    earlier.value = String(index - 1)
    later.value = String(index + 1)
    earlier.hidden = index === 0
    later.hidden = index === all.length - 1
  })
}

/** @param {HTMLElement} body @param {HTMLElement} row */
function save(body, row) {
  const form = formOf(row)
  const place = rowsOf(body).indexOf(row)
  const fields = new FormData(form)
  fields.set('to', String(place))
  say((body.dataset.moved ?? '')
    .replace('{name}', row.dataset.name ?? '')
    .replace('{place}', String(place + 1))
    .replace('{total}', String(rowsOf(body).length)))
  // One after the other: each place is counted in the order that the one before left.
  sent = sent.then(async () => {
    const answer = await fetch(form.action, { method: 'POST', body: fields, headers: { 'X-Requested-With': 'fetch' } })
    if (!answer.ok) throw new Error(String(answer.status))
  }).catch(() => say(body.dataset.failed ?? '', true))
}

/** @param {string} words @param {boolean} [seen] */
function say(words, seen = false) {
  const status = document.getElementById('moved')
  if (!status) return
  status.textContent = words
  status.classList.toggle('sr-only', !seen)
}

/** @param {HTMLElement} row */
function middle(row) {
  const box = row.getBoundingClientRect()
  return box.top + box.height / 2
}

/** @param {Event} event */
function handleOf(event) {
  const found = event.target instanceof Element ? event.target.closest('[data-handle]') : null
  return found instanceof HTMLElement ? found : null
}

/** @param {HTMLElement} handle */
function rowOf(handle) {
  return /** @type {HTMLElement} */ (handle.closest('tr'))
}

/** @param {HTMLElement} row */
function formOf(row) {
  return /** @type {HTMLFormElement} */ (row.querySelector('form[data-move]'))
}

/** @param {HTMLElement} body */
function rowsOf(body) {
  return /** @type {HTMLElement[]} */ ([...body.children])
}
