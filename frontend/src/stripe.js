// Stripe.js, loaded from the address that the location's gateway names, and its card field in our colours.
/** @typedef {import('@stripe/stripe-js').Stripe} Stripe */
/** @typedef {import('@stripe/stripe-js').StripeConstructor} StripeConstructor */
/** @typedef {import('@stripe/stripe-js').StripeCardElement} StripeCardElement */
/** @typedef {import('@stripe/stripe-js').StripeCardElementChangeEvent} StripeCardElementChangeEvent */

/** @type {Map<string, Promise<void>>} */
const loads = new Map()

/**
 * The `Stripe` object for an element with data-stripe-js and data-publishable-key.
 * @param {HTMLElement} element
 * @returns {Promise<Stripe>}
 */
export async function stripeFor(element) {
  const { stripeJs = '', publishableKey = '' } = element.dataset
  if (!loads.has(stripeJs)) loads.set(stripeJs, load(stripeJs))
  try {
    await loads.get(stripeJs)
  } catch (error) {
    loads.delete(stripeJs)
    throw error
  }
  const { Stripe } = /** @type {typeof globalThis & { Stripe: StripeConstructor }} */ (globalThis)
  return Stripe(publishableKey)
}

/**
 * @param {string} address
 * @returns {Promise<void>}
 */
function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = address
    script.addEventListener('load', () => resolve())
    script.addEventListener('error', () => {
      script.remove()
      reject(new Error('Stripe.js did not load'))
    })
    document.head.append(script)
  })
}

/**
 * Where a card is typed. `isComplete` is true once Stripe calls what was typed a whole card.
 * @typedef {object} Field
 * @property {boolean} isComplete
 * @property {() => Promise<string>} check say what Stripe still asks for, before the server is asked
 * @property {(clientSecret: string, returnUrl: string) => Promise<boolean>} save whether Stripe took the card
 */

/**
 * The Payment Element where this Stripe.js offers it, otherwise the card form.
 * @param {Stripe} stripe
 * @param {HTMLElement} place
 * @param {(message: string) => void} tell called with Stripe's remark on what was typed, or nothing
 * @returns {Field}
 */
export function fieldFor(stripe, place, tell) {
  if (typeof stripe.confirmSetup !== 'function') return new CardField(stripe, place, tell)
  try {
    return new PaymentField(stripe, place, tell)
  } catch {
    place.replaceChildren()
    return new CardField(stripe, place, tell)
  }
}

/** @implements {Field} */
class PaymentField {
  /**
   * @param {Stripe} stripe
   * @param {HTMLElement} place
   * @param {(message: string) => void} tell
   */
  constructor(stripe, place, tell) {
    this.isComplete = false
    this.stripe = stripe
    // Before the server knows of a set-up: it opens one of the same kind once the card is typed.
    this.elements = stripe.elements({
      mode: 'setup',
      allowedPaymentMethodTypes: ['card'],
      locale: locale(),
      appearance: appearance(),
    })
    const element = this.elements.create('payment', { terms: { card: 'never' } })
    element.on('change', (event) => {
      this.isComplete = event.complete
      tell('')
    })
    element.on('loaderror', ({ error }) => tell(error.message ?? ''))
    element.mount(place)
  }

  async check() {
    const { error } = await this.elements.submit()
    return error?.message ?? ''
  }

  /**
   * @param {string} clientSecret
   * @param {string} returnUrl
   */
  async save(clientSecret, returnUrl) {
    const { error } = await this.stripe.confirmSetup({
      elements: this.elements,
      clientSecret,
      confirmParams: { return_url: new URL(returnUrl, globalThis.location.href).href },
      redirect: 'if_required',
    })
    return !error
  }
}

/** @implements {Field} */
class CardField {
  /**
   * @param {Stripe} stripe
   * @param {HTMLElement} place
   * @param {(message: string) => void} tell
   */
  constructor(stripe, place, tell) {
    this.isComplete = false
    this.stripe = stripe
    /** @type {StripeCardElement} */
    this.element = stripe.elements({ locale: locale() }).create('card', { style: look(), disableLink: true })
    // A stand-in for Stripe.js may call without an event: then anything typed counts as complete.
    this.element.on('change', (/** @type {StripeCardElementChangeEvent | undefined} */ event) => {
      this.isComplete = event?.complete ?? true
      tell(event?.error?.message ?? '')
    })
    this.element.mount(place)
  }

  async check() {
    return ''
  }

  /** @param {string} clientSecret */
  async save(clientSecret) {
    const { error } = await this.stripe.confirmCardSetup(clientSecret, {
      payment_method: { card: this.element },
    })
    return !error
  }
}

function locale() {
  return /** @type {any} */ (document.documentElement.lang || 'auto')
}

function appearance() {
  return {
    variables: {
      colorPrimary: token('--color-primary'),
      colorText: token('--color-base-content'),
      colorTextSecondary: token('--dm-muted'),
      colorBackground: token('--color-base-100'),
      colorDanger: token('--color-error'),
      fontFamily: 'system-ui, sans-serif',
      fontSizeBase: '16px',
      borderRadius: '12px',
    },
  }
}

function look() {
  return {
    base: {
      color: token('--color-base-content'),
      iconColor: token('--dm-muted'),
      fontFamily: 'system-ui, sans-serif',
      fontSize: '16px',
      '::placeholder': { color: token('--dm-muted') },
    },
    invalid: { color: token('--color-error'), iconColor: token('--color-error') },
  }
}

/**
 * A colour of the theme as rgb(): Stripe's frame may not know oklch().
 * @param {string} name
 */
function token(name) {
  const color = getComputedStyle(document.documentElement).getPropertyValue(name)
  const pixel = document.createElement('canvas').getContext('2d')
  if (!pixel) return color
  pixel.fillStyle = color
  pixel.fillRect(0, 0, 1, 1)
  const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data
  return `rgb(${red}, ${green}, ${blue})`
}
