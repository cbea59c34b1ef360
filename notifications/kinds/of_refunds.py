"""Money that went back, or came back after all, and the credits that followed it."""

from django.utils.translation import gettext as _

from notifications.kinds.registry import EMAIL, PUSH, About, Audience, Group, Told, Words, ways
from notifications.models import Notification

Kind = Notification.Kind


def _facts(told: Told) -> dict[str, str]:
    return {"credits": told.some_credits(), "company": told["company"]}


def _about(told: Told, used: str = "") -> str:
    balance = _("Balance %(balance)s") % {"balance": told.credits("balance")}
    return " · ".join(filter(None, [told["reason"], used, balance]))


def _reversed(told: Told) -> Words:
    title = (
        _("%(credits)s of %(company)s reversed") if told["company"] else _("%(credits)s reversed")
    )
    used = ""
    if told["owed"]:
        used = _("%(credits)s were used already") % {"credits": told.credits("owed")}
    return Words(title % _facts(told), _about(told, used), told.credits_page())


def _restored(told: Told) -> Words:
    title = _("%(company)s has %(credits)s back") if told["company"] else _("%(credits)s restored")
    return Words(title % _facts(told), _about(told), told.credits_page())


def _owed_closed(told: Told) -> Words:
    title = (
        _("%(credits)s owed, now waived")
        if told["is_waived"]
        else _("%(credits)s owed, now settled")
    )
    text = " · ".join(filter(None, [told["company"], told["reason"]]))
    return Words(title % _facts(told), text, told.credits_page())


def _money_back(told: Told) -> Words:
    titles = {
        "refund_taken": _("Refund of %(sum)s to %(name)s"),
        "refund_returned": _("Refund of %(sum)s to %(name)s failed"),
        "dispute_asked": _("%(name)s disputes %(sum)s"),
        "dispute_taken": _("%(sum)s of %(name)s withdrawn by a dispute"),
    }
    title = titles.get(told["what"], _("Dispute of %(sum)s by %(name)s won"))
    text = ""
    if told["what"] == "dispute_asked":
        text = _("No money has moved yet; answer it at the payment service.")
    elif told["owes"]:
        text = _("Some of the credits were used: see what is owed.")
    link = (
        told.page("community:company_payments", told["company_id"])
        if told["company_id"]
        else told.page("community:member_payments", told["member_id"])
    )
    return Words(title % {"sum": told.money(), "name": told["name"]}, text, link)


BOTH = ways(PUSH, EMAIL)
OF_REFUNDS = [
    About(
        kind,
        Group.CREDITS,
        Audience.ACTIVE,
        icon,
        words,
        by_default=BOTH,
        stays=True,
        is_good_news=is_good,
    )
    for kind, icon, words, is_good in (
        (Kind.CREDITS_REVERSED, "undo-2", _reversed, False),
        (Kind.CREDITS_RESTORED, "coins", _restored, True),
        (Kind.OWED_CLOSED, "circle-check", _owed_closed, True),
    )
] + [
    About(
        Kind.MONEY_BACK,
        Group.ADMINS,
        Audience.ADMINS,
        "undo-2",
        _money_back,
        by_default=BOTH,
        stays=True,
    )
]
