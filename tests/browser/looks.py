"""What a page may not do, whoever looks at it: fail axe, scroll sideways, be hard to hit."""

from stack.places import CHECKOUT

AXE = CHECKOUT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CARD_INPUTS = "[data-card] *"  # drawn by the payment service
FINGER = 44
NOTHING_MOVES = "Promise.allSettled(document.getAnimations().map((it) => it.finished))"

# A target is as large as what takes the click for it: a label, a framed input, a whole row.
SMALL_TARGETS = """(finger) => [...document.querySelectorAll(
  'a, button, input:not([type=hidden]), select, textarea, summary, label.choice'
)].filter((el) => {
  const hidden = el.closest('dialog:not([open]), [popover]:not(:popover-open), [data-card]')
  const inText = el.closest('p, dd, .more, .sub') || el.matches('.skip')
  if (hidden || inText || !el.checkVisibility()) return false
  let holder = el
  if (el.matches('input[type=radio], input[type=checkbox]')) holder = el.closest('label') ?? el
  if (el.matches('.input input')) holder = el.closest('.input')
  if (el.matches('.row-link')) holder = el.closest('tr, li')
  const box = holder.getBoundingClientRect()
  return box.width > 0 && (box.width < finger - 0.5 || box.height < finger - 0.5)
}).map((el) => `${el.outerHTML.slice(0, 90)} ${Math.round(el.offsetWidth)}x${el.offsetHeight}`)"""

# The ring may stand on the element, or on the card or frame around it.
FOCUS_IS_VISIBLE = """() => {
  const el = document.activeElement
  if (!el || el === document.body) return true
  const ringed = (node) => {
    const style = node && getComputedStyle(node)
    return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
  }
  return [el, el.closest('.choice'), el.closest('.input')].some(ringed) || el.outerHTML
}"""


def faults_of(page, *, finger=False):
    """All that is wrong with the page as it stands."""
    found = axe_violations(page)
    width = page.viewport_size["width"]
    if (scrolled := page.evaluate("document.documentElement.scrollWidth")) > width:
        found.append(f"scrolls sideways: {scrolled} in {width}")
    if finger:
        found += [f"small: {target}" for target in page.evaluate(SMALL_TARGETS, FINGER)]
    return found


def axe_violations(page):
    """What axe finds once the page is whole and at rest: it reckons with what is half faded in."""
    page.wait_for_load_state()
    page.evaluate(NOTHING_MOVES)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "([tags, others]) => axe.run({exclude: [others]},"
        " {runOnly: tags, resultTypes: ['violations']})",
        [TAGS, CARD_INPUTS],
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def assert_focus_is_visible(page):
    assert page.evaluate(FOCUS_IS_VISIBLE) is True
