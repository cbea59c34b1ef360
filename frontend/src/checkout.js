// Paying: `form[data-checkout]` on the checkout, `button[data-continue-payment]` on a purchase that
// waits for the buyer. The server decides every step; this module only carries its answers out.
import { fieldFor, stripeFor } from './stripe.js'

/** @typedef {{ state: 'done' | 'refused' | 'redirect', url: string }} Arrived */
/** @typedef {{ state: 'setup', client_secret: string, confirm_url: string, url?: string }} Setup */
/** @typedef {{ state: 'action', client_secret: string, return_url: string }} Action */
/** @typedef {Arrived | Setup | Action} Answer */

class Checkout {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form
    /** One for each way of paying; the styles show that of the chosen one. */
    this.buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll('button:not([type="button"])'))
    /** @type {import('./stripe.js').Field | undefined} */
    this.card = undefined
    /** @type {Promise<void> | undefined} */
    this.mounting = undefined
    /** The purchase's page, once the server named it. */
    this.purchaseUrl = ''
    form.addEventListener('change', () => this.showCard())
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (!this.isBusy) this.submit()
    })
    this.showCard()
  }

  get isBusy() {
    return this.form.ariaBusy === 'true'
  }

  /** True while a card has to be typed in: "Card" is chosen, and "Use a new card". */
  get takesNewCard() {
    const data = new FormData(this.form)
    return data.get('method') === 'card' && data.get('card') === 'new'
  }

  showCard() {
    if (!this.takesNewCard || this.card || this.mounting) return
    this.mounting = this.mountCard()
      .catch(() => this.alert(this.form.dataset.cardUnavailable))
      .finally(() => (this.mounting = undefined))
  }

  async mountCard() {
    const place = this.form.querySelector('[data-card]')
    if (!(place instanceof HTMLElement)) return
    const stripe = await stripeFor(this.form)
    place.replaceChildren()
    this.card = fieldFor(stripe, place, (message) => this.cardError(message))
  }

  async submit() {
    this.alert()
    if (this.takesNewCard && !this.card?.isComplete) {
      this.showCard()
      return this.cardError(this.form.dataset.cardIncomplete ?? '')
    }
    const data = new FormData(this.form)
    this.setBusy(true)
    try {
      const wanting = this.takesNewCard ? await this.card?.check() : ''
      if (wanting) {
        this.setBusy(false)
        return this.cardError(wanting)
      }
      await this.follow(await this.post(this.form.action, data))
    } catch {
      if (this.purchaseUrl) return go(this.purchaseUrl)
      this.setBusy(false)
      this.alert(this.form.dataset.offline)
    }
  }

  /**
   * @param {Answer} answer
   * @returns {Promise<void>}
   */
  async follow(answer) {
    if (answer.state === 'setup') {
      this.purchaseUrl = answer.url ?? ''
      const outcome = await this.saveCard(answer)
      const confirmed = new FormData()
      confirmed.set('outcome', outcome)
      return this.follow(await this.post(answer.confirm_url, confirmed))
    }
    if (answer.state === 'action') return authenticate(this.form, answer)
    go(answer.url)
  }

  /**
   * Save the typed card at Stripe. What went wrong is Stripe's to tell the server.
   * @param {Setup} setup
   */
  async saveCard(setup) {
    if (!this.card) return 'error'
    try {
      const isSaved = await this.card.save(setup.client_secret, setup.url ?? globalThis.location.href)
      return isSaved ? 'ok' : 'error'
    } catch {
      return 'error'
    }
  }

  /**
   * @param {string} url
   * @param {FormData} body
   * @returns {Promise<Answer>}
   */
  async post(url, body) {
    const token = new FormData(this.form).get('csrfmiddlewaretoken')
    const response = await fetch(url, {
      method: 'POST',
      headers: { Accept: 'application/json', 'X-CSRFToken': String(token) },
      body,
    })
    if (response.headers.get('content-type')?.startsWith('application/json')) return response.json()
    // Not an answer but a page: signed out meanwhile, or an error.
    if (response.redirected) return { state: 'refused', url: response.url }
    throw new Error(`The server answered ${response.status}`)
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.form.ariaBusy = String(busy)
    for (const button of this.buttons) button.disabled = busy
  }

  /** @param {string} message */
  cardError(message) {
    const line = this.form.querySelector('[data-card-error]')
    if (!(line instanceof HTMLElement)) return
    line.textContent = message
    line.hidden = !message
  }

  /** @param {string} [message] */
  alert(message = '') {
    showAlert(this.form, message)
  }
}

/**
 * Let the bank ask the buyer, then look at the purchase's page, whatever came out.
 * @param {HTMLElement} element
 * @param {Action} action
 */
async function authenticate(element, action) {
  try {
    const stripe = await stripeFor(element)
    await stripe.confirmCardPayment(action.client_secret)
  } finally {
    go(action.return_url)
  }
}

/** @param {HTMLButtonElement} button */
function continuePayment(button) {
  const { clientSecret = '', returnUrl = '' } = button.dataset
  button.addEventListener('click', async () => {
    button.disabled = true
    button.ariaBusy = 'true'
    await authenticate(button, { state: 'action', client_secret: clientSecret, return_url: returnUrl })
  })
}

/**
 * Fill the alert that the page keeps ready; without a message, hide it.
 * @param {HTMLElement} near
 * @param {string} message
 */
function showAlert(near, message) {
  const box = near.querySelector('[data-alert]')
  if (!(box instanceof HTMLElement)) return
  const words = box.querySelector('[data-alert-words]') ?? box
  words.textContent = message
  box.hidden = !message
  if (message) box.scrollIntoView({ block: 'center' })
}

/** @param {string} url */
function go(url) {
  globalThis.location.assign(url)
}

/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll('form[data-checkout]')
const checkouts = [...forms].map((form) => new Checkout(form))
/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll('button[data-continue-payment]')
for (const button of buttons) continuePayment(button)

// Back from the next page: the browser may show this one as it was left, busy.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  for (const checkout of checkouts) checkout.setBusy(false)
  for (const button of buttons) {
    button.disabled = false
    button.ariaBusy = 'false'
  }
})
