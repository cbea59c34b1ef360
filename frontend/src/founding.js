// The first page guesses what it can: the time zone from the browser, the address from the name.
const form = document.querySelector('[data-founding]')
const zone = form?.querySelector('[name=time_zone]')
const name = form?.querySelector('[name=name]')
const slug = form?.querySelector('[name=slug]')

if (zone instanceof HTMLSelectElement && !zone.value) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  if ([...zone.options].some((option) => option.value === here)) zone.value = here
}

if (name instanceof HTMLInputElement && slug instanceof HTMLInputElement) {
  let suggests = !slug.value
  slug.addEventListener('input', () => (suggests = !slug.value))
  name.addEventListener('input', () => {
    if (suggests) slug.value = addressOf(name.value)
  })
}

/** @param {string} words */
function addressOf(words) {
  const plain = words.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/ß/g, 'ss')
  return plain.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 50)
}

export {}
