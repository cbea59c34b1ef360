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

/** A card field. `isComplete` is true once Stripe calls what was typed a whole card. */
export class CardField {
  /**
   * @param {Stripe} stripe
   * @param {HTMLElement} place
   * @param {(message: string) => void} tell called with Stripe's remark on what was typed, or nothing
   */
  constructor(stripe, place, tell) {
    this.isComplete = false
    /** @type {StripeCardElement} */
    this.element = stripe
      .elements({ locale: /** @type {any} */ (document.documentElement.lang || 'auto') })
      .create('card', { style: look(), disableLink: true })
    // A stand-in for Stripe.js may call without an event: then anything typed counts as complete.
    this.element.on('change', (/** @type {StripeCardElementChangeEvent | undefined} */ event) => {
      this.isComplete = event?.complete ?? true
      tell(event?.error?.message ?? '')
    })
    this.element.mount(place)
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
