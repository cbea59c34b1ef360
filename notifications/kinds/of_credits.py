from django.utils.translation import gettext as _

from notifications.kinds.registry import EMAIL, PUSH, About, Audience, Group, Told, Words, ways
from notifications.models import Notification

Kind = Notification.Kind


def _balance(told: Told) -> str:
    return _("Balance %(balance)s") % {"balance": told.credits("balance")}


def _with_reason(told: Told) -> str:
    return " · ".join(filter(None, [told["reason"], _balance(told)]))


def _facts(told: Told) -> dict[str, str]:
    return {"credits": told.some_credits(), "company": told["company"], "plan": told["plan"]}


def _added(told: Told) -> Words:
    link = told.credits_page()
    if told["purchase"] and not told["company_id"]:
        link = told.page("membership:purchase", told["purchase"])
    title = _("%(company)s got %(credits)s") if told["company"] else _("%(credits)s added")
    return Words(title % _facts(told), _balance(told), link)


def _given(told: Told) -> Words:
    title = (
        _("%(credits)s given to %(company)s") if told["company"] else _("%(credits)s given to you")
    )
    return Words(title % _facts(told), _with_reason(told), told.credits_page())


def _deducted(told: Told) -> Words:
    title = (
        _("%(credits)s of %(company)s deducted") if told["company"] else _("%(credits)s deducted")
    )
    return Words(title % _facts(told), _with_reason(told), told.credits_page())


def _lapsed(told: Told) -> Words:
    title = _("%(credits)s of %(company)s lapsed") if told["company"] else _("%(credits)s lapsed")
    return Words(title % _facts(told), _balance(told), told.credits_page())


def _lapsing(told: Told) -> Words:
    title = (
        _("%(credits)s of %(company)s about to lapse")
        if told["company"]
        else _("%(credits)s about to lapse")
    )
    text = _("Good until %(day)s · Balance %(balance)s") % {
        "day": told.day("last_day"),
        "balance": told.credits("balance"),
    }
    return Words(title % _facts(told), text, told.credits_page())


def _of_plan(told: Told) -> Words:
    title = (
        _("%(company)s got %(credits)s of the plan %(plan)s")
        if told["company"]
        else _("%(credits)s of your plan %(plan)s")
    )
    return Words(title % _facts(told), _balance(told), told.credits_page())


def _low(told: Told) -> Words:
    text = _("Below %(below)s, as you asked") % {"below": told.credits("below")}
    title = _("Your balance is down to %(balance)s credits")
    return Words(title % {"balance": told.credits("balance")}, text, told.credits_page())


OF_CREDITS = [
    About(
        Kind.CREDITS_ADDED,
        Group.CREDITS,
        Audience.ACTIVE,
        "coins",
        _added,
        stays=True,
        is_good_news=True,
    ),
    About(
        Kind.PLAN_CREDITS,
        Group.CREDITS,
        Audience.ACTIVE,
        "calendar-sync",
        _of_plan,
        stays=True,
        is_good_news=True,
    ),
    About(
        Kind.CREDITS_GIVEN,
        Group.CREDITS,
        Audience.ACTIVE,
        "coins",
        _given,
        stays=True,
        is_good_news=True,
    ),
    About(
        Kind.CREDITS_DEDUCTED,
        Group.CREDITS,
        Audience.ACTIVE,
        "minus",
        _deducted,
        by_default=ways(PUSH, EMAIL),
        stays=True,
    ),
    About(
        Kind.CREDITS_LAPSING,
        Group.CREDITS,
        Audience.ACTIVE,
        "hourglass",
        _lapsing,
        by_default=ways(PUSH, EMAIL),
    ),
    About(Kind.CREDITS_LAPSED, Group.CREDITS, Audience.ACTIVE, "hourglass", _lapsed, stays=True),
    About(
        Kind.BALANCE_LOW,
        Group.CREDITS,
        Audience.ACTIVE,
        "trending-down",
        _low,
        by_default=ways(PUSH, EMAIL),
    ),
]
