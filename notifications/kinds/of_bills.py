"""Bills, payments and transfers. Bills are mailed as documents, with their PDF: not from here."""

from django.utils.translation import gettext as _

from notifications.kinds.registry import EMAIL, PUSH, About, Audience, Group, Told, Words, ways
from notifications.models import Notification

Kind = Notification.Kind


def _bill(told: Told, title: str) -> Words:
    facts = {"number": told["number"], "total": told.money()}
    about = _("%(total)s, due on %(day)s") % {"total": told.money(), "day": told.day("due_on")}
    text = " · ".join(filter(None, [told["company"], about]))
    return Words(title % facts, text, told.page("membership:bill", told["bill"]))


def _issued(told: Told) -> Words:
    return _bill(told, _("Bill %(number)s over %(total)s"))


def _due(told: Told) -> Words:
    return _bill(told, _("Bill %(number)s is due soon"))


def _overdue(told: Told) -> Words:
    return _bill(told, _("Bill %(number)s is overdue"))


def _paid(told: Told) -> Words:
    facts = {"total": told.money(), "day": told.day("paid_on")}
    text = " · ".join(filter(None, [told["company"], _("%(total)s came on %(day)s") % facts]))
    title = _("Bill %(number)s is paid") % {"number": told["number"]}
    return Words(title, text, told.page("membership:bill", told["bill"]))


def _failed(told: Told) -> Words:
    title = _("Bill %(number)s could not be paid") % {"number": told["number"]}
    text = _("Your card was not charged the %(total)s. Pay on the bill's page.")
    if told["needs_you"]:
        title = _("Bill %(number)s needs you") % {"number": told["number"]}
        text = _("Your bank wants you to confirm the %(total)s. Pay on the bill's page.")
    link = told.page("membership:bill", told["bill"])
    return Words(title, text % {"total": told.money()}, link)


def _purchase_failed(told: Told) -> Words:
    facts = {"total": told.money(), "credits": told.some_credits()}
    title = _("Your payment of %(total)s did not go through")
    text = _("Nothing was charged, and no credits were added.")
    if told["needs_you"]:
        title = _("Your payment of %(total)s needs you")
        text = _("Your bank wants you to confirm it before %(credits)s can be added.")
    if told["is_late"]:
        title = _("Your transfer of %(total)s was not received in time")
        text = _("If it is on its way, its credits are still added when it arrives.")
    text = " · ".join(filter(None, [told["company"], text % facts]))
    return Words(title % facts, text, told.page("membership:purchase", told["purchase"]))


def _transfer(told: Told, title: str, text: str) -> Words:
    link = told.page("membership:purchase", told["purchase"])
    return Words(title % {"total": told.money()}, text, link)


def _transfer_due(told: Told) -> Words:
    text = _("For %(credits)s, by %(day)s") % {
        "credits": told.some_credits(),
        "day": told.day("due_on"),
    }
    return _transfer(told, _("Your transfer of %(total)s is due soon"), text)


def _transfer_confirmed(told: Told) -> Words:
    text = _("For %(credits)s") % {"credits": told.some_credits()}
    return _transfer(told, _("Your transfer of %(total)s arrived"), text)


OF_BILLS = [
    About(
        Kind.BILL_ISSUED,
        Group.BILLS,
        Audience.PAYERS,
        "receipt-text",
        _issued,
        ways=ways(PUSH),
        stays=True,
    ),
    About(
        Kind.BILL_DUE,
        Group.BILLS,
        Audience.PAYERS,
        "calendar-clock",
        _due,
        by_default=ways(PUSH, EMAIL),
        stays=True,
    ),
    About(
        Kind.BILL_OVERDUE,
        Group.BILLS,
        Audience.PAYERS,
        "alarm-clock",
        _overdue,
        ways=ways(PUSH),
        stays=True,
    ),
    About(
        Kind.BILL_PAID,
        Group.BILLS,
        Audience.PAYERS,
        "circle-check",
        _paid,
        by_default=ways(EMAIL),
        stays=True,
        is_good_news=True,
    ),
    About(
        Kind.PAYMENT_FAILED,
        Group.BILLS,
        Audience.PAYERS,
        "credit-card",
        _failed,
        ways=ways(PUSH),
        stays=True,
    ),
    About(
        Kind.PURCHASE_FAILED,
        Group.BILLS,
        Audience.ACTIVE,
        "credit-card",
        _purchase_failed,
        by_default=ways(PUSH, EMAIL),
        stays=True,
    ),
    About(
        Kind.TRANSFER_DUE,
        Group.BILLS,
        Audience.ACTIVE,
        "landmark",
        _transfer_due,
        by_default=ways(PUSH, EMAIL),
        stays=True,
        is_good_news=True,
    ),
    About(
        Kind.TRANSFER_CONFIRMED,
        Group.BILLS,
        Audience.ACTIVE,
        "landmark",
        _transfer_confirmed,
        # No push by default: at the same moment one says that its credits were added.
        by_default=ways(EMAIL),
        stays=True,
        is_good_news=True,
    ),
]
