// On a phone the current section may lie outside its scrolling strip: bring it in, without moving the page.
function reveal() {
  /** @type {NodeListOf<HTMLElement>} */
  const links = document.querySelectorAll('.sections [aria-current]')
  for (const link of links) {
    const strip = /** @type {HTMLElement} */ (link.parentElement)
    const offset = link.getBoundingClientRect().left - strip.getBoundingClientRect().left
    strip.scrollLeft += offset - (strip.clientWidth - link.offsetWidth) / 2
  }
}
reveal()
document.addEventListener('htmx:afterSettle', reveal)
