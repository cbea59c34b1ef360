from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.kinds.registry import EMAIL, PUSH, About, Audience, Group, Told, Words, ways
from notifications.models import Notification

Kind = Notification.Kind


def _join_requested(told: Told) -> Words:
    title = _("%(name)s asks to join") % {"name": told["name"]}
    return Words(title, "", told.page("community:members"))


def _transfer_ordered(told: Told) -> Words:
    title = _("%(name)s pays %(total)s by transfer")
    text = _("Reference %(reference)s. Confirm it when it has come.")
    return Words(
        title % {"name": told["name"], "total": told.money()},
        text % {"reference": told["reference"]},
        told.page("community:transfers"),
    )


def _gateway_failing(told: Told) -> Words:
    title = _("%(gateway)s refuses your account") % {"gateway": told["gateway"]}
    text = _("Members may be unable to pay. See what it says.")
    return Words(title, text, told.page("community:settings_payments"))


def _webhook_disabled(told: Told) -> Words:
    title = _("A webhook is disabled")
    text = _("%(url)s took nothing for three days. Enable it when it works again.")
    if told["is_gone"]:
        text = _("%(url)s says that it is gone (410).")
    page = told.page("community:webhook", told["endpoint_id"])
    return Words(title, text % {"url": told["url"]}, page)


def _review_needed(told: Told) -> Words:
    title = _("A payment needs a look")
    text = _("%(name)s, %(total)s") % {"name": told["name"], "total": told.money()}
    return Words(title, text, told.page("community:reviews"))


def _payment_alarm(told: Told) -> Words:
    titles = {
        "pending": _("A payment has had no outcome for half an hour"),
        "unasked": _("Pending payments are not asked about"),
        "events": _("Stripe's webhooks come, but are not processed"),
        "signatures": _("Stripe's webhooks are refused: their signature is wrong"),
        # Of notices kept from before its case told it.
        "mismatch": _("Money came that is not what was asked for"),
        "no_row": _("Stripe collected money that no payment here asked for"),
    }
    wrong_clock = _("This server's clock is wrong: webhooks may be refused")
    title = titles.get(told["condition"], wrong_clock)
    return Words(title, "", told.page("community:settings_stripe"))


def _bills_overdue(told: Told) -> Words:
    number = int(told["number"])
    title = ngettext("%(number)d bill is overdue", "%(number)d bills are overdue", number)
    text = _("%(total)s in all") % {"total": told.money()}
    return Words(title % {"number": number}, text, told.page("community:bills"))


BOTH = ways(PUSH, EMAIL)
OF_ADMINS = [
    About(kind, Group.ADMINS, Audience.ADMINS, icon, words, by_default=by_default, stays=is_money)
    for kind, icon, words, by_default, is_money in (
        (Kind.JOIN_REQUESTED, "door-open", _join_requested, ways(PUSH), False),
        (Kind.TRANSFER_ORDERED, "landmark", _transfer_ordered, ways(PUSH), False),
        (Kind.GATEWAY_FAILING, "plug-zap", _gateway_failing, BOTH, True),
        (Kind.WEBHOOK_DISABLED, "webhook", _webhook_disabled, BOTH, False),
        (Kind.PAYMENT_ALARM, "triangle-alert", _payment_alarm, BOTH, True),
        (Kind.REVIEW_NEEDED, "scale", _review_needed, BOTH, True),
        (Kind.BILLS_OVERDUE, "alarm-clock", _bills_overdue, BOTH, False),
    )
]
