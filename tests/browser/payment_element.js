// The Payment Element as Stripe documents it, put on the form of the stand-in's script: elements
// made without an intent, `submit` before `confirmSetup`, and errors as results.
{
  const plain = Stripe
  Stripe = (key) => {
    const stripe = plain(key)
    const forms = stripe.elements
    const submitted = new WeakSet()
    stripe.elements = (options) => {
      if (options.mode !== 'setup' || String(options.allowedPaymentMethodTypes) !== 'card') {
        throw new Error('these elements are not of a card that is set up')
      }
      const inner = forms()
      const elements = {
        create(type) {
          if (type !== 'payment') throw new Error(`no ${type} here`)
          elements.form = inner.create('card')
          return {
            on: (name, tell) =>
              elements.form.on(name, () => tell({ elementType: 'payment', complete: isWhole(elements.form) })),
            mount: (place) => {
              place.dataset.element = 'payment'
              elements.form.mount(place)
            },
          }
        },
        async submit() {
          if (elements.form.value?.card.number.endsWith('4241')) {
            return { error: { type: 'validation_error', message: 'Your card number is invalid.' } }
          }
          submitted.add(elements)
          return { selectedPaymentMethod: 'card' }
        },
      }
      return elements
    }
    stripe.confirmSetup = async ({ elements, clientSecret, confirmParams, redirect }) => {
      if (!submitted.has(elements)) throw new Error('elements.submit() comes first')
      if (redirect !== 'if_required' || !confirmParams.return_url) throw new Error('where to come back?')
      return stripe.confirmCardSetup(clientSecret, { payment_method: { card: elements.form } })
    }
    return stripe
  }
  const isWhole = (form) => Boolean(form.value?.card.number.length >= 16 && form.value.card.cvc)
}
