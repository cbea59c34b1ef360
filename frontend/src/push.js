// Turns pushes to this browser on and off in `[data-push]`. Nothing is asked for before its button
// is pressed. A browser that its own person has signed in again is told to the server once.
const LATER = 'push-later'
const KNOWN = 'push-known'

/** @param {HTMLElement} panel @param {string} url @param {Record<string, string>} facts */
async function tell(panel, url, facts) {
  const token = JSON.parse(document.body.getAttribute('hx-headers') ?? '{}')
  const answer = await fetch(url, { method: 'POST', headers: token, body: new URLSearchParams(facts) })
  if (!answer.ok) throw new Error((await answer.json()).error)
  return answer
}

async function subscription() {
  const worker = await navigator.serviceWorker.getRegistration('/')
  return (await worker?.pushManager?.getSubscription()) ?? null
}

function isAble() {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
}

function isApple() {
  return /iPad|iPhone/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1)
}

/** @param {HTMLElement} panel */
async function stateOf(panel) {
  if (!isAble()) return isApple() ? 'ios' : 'none'
  if (Notification.permission === 'denied') return 'denied'
  const known = await subscription()
  if (!known) return 'off'
  const again = await tell(panel, panel.dataset.again ?? '', { endpoint: known.endpoint })
  return (await again.json()).known ? 'on' : 'off'
}

/** @param {HTMLElement} panel @param {string} state */
function show(panel, state) {
  /** @type {NodeListOf<HTMLElement>} */
  const texts = panel.querySelectorAll('[data-push-state]')
  for (const text of texts) text.hidden = text.dataset.pushState !== state
  button(panel, 'on').hidden = state !== 'off'
  button(panel, 'off').hidden = state !== 'on'
  panel.querySelector('[data-push-later]')?.toggleAttribute('hidden', state === 'on')
}

/** @param {HTMLElement} panel @param {'on' | 'off'} name */
function button(panel, name) {
  return /** @type {HTMLButtonElement} */ (panel.querySelector(`[data-push-${name}]`))
}

/** @param {HTMLElement} panel */
async function turnOn(panel) {
  if ((await Notification.requestPermission()) !== 'granted') return show(panel, await stateOf(panel))
  await navigator.serviceWorker.register('/sw.js', { scope: '/' })
  const worker = await navigator.serviceWorker.ready
  await (await worker.pushManager.getSubscription())?.unsubscribe()
  const made = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: panel.dataset.push,
  })
  const { endpoint = '', keys = {} } = made.toJSON()
  await tell(panel, panel.dataset.on ?? '', { endpoint, p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' })
  show(panel, 'on')
}

/** @param {HTMLElement} panel */
async function turnOff(panel) {
  const known = await subscription()
  if (known) {
    await tell(panel, panel.dataset.off ?? '', { endpoint: known.endpoint })
    await known.unsubscribe()
  }
  show(panel, 'off')
}

/** @param {HTMLElement} panel @param {(panel: HTMLElement) => Promise<void>} act */
async function act(panel, act) {
  const error = /** @type {HTMLElement} */ (panel.querySelector('[data-push-error]'))
  error.hidden = true
  panel.setAttribute('aria-busy', 'true')
  try {
    await act(panel)
  } catch (trouble) {
    error.textContent = trouble instanceof Error ? trouble.message : String(trouble)
    error.hidden = false
  }
  panel.removeAttribute('aria-busy')
}

/** @param {HTMLElement} panel */
async function begin(panel) {
  button(panel, 'on').addEventListener('click', () => act(panel, turnOn))
  button(panel, 'off').addEventListener('click', () => act(panel, turnOff))
  panel.querySelector('[data-push-later]')?.addEventListener('click', () => {
    localStorage.setItem(LATER, '1')
    panel.hidden = true
  })
  const state = await stateOf(panel)
  show(panel, state)
  const isOffered = state === 'ios' || (state === 'off' && !localStorage.getItem(LATER))
  if ('offer' in panel.dataset) panel.hidden = !isOffered
}

// Pages without the panel tell it too, once in a tab's life: the sign-in may be a new one.
async function knowAgain() {
  const bell = document.querySelector('[data-push-again]')
  if (!(bell instanceof HTMLElement) || !isAble() || sessionStorage.getItem(KNOWN)) return
  if (Notification.permission !== 'granted') return
  const known = await subscription()
  if (known) await tell(bell, bell.dataset.pushAgain ?? '', { endpoint: known.endpoint })
  sessionStorage.setItem(KNOWN, '1')
}

const panel = document.querySelector('[data-push]')
if (panel instanceof HTMLElement) act(panel, begin)
else knowAgain().catch(() => sessionStorage.removeItem(KNOWN))
