"""What the checkout has to say before the buyer tries again."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from community.access import LocationRequest
from community.money import format_credits, format_money
from membership.models import Purchase
from membership.services.purchases import frozen_quote
from membership.services.quotes import Quote
from membership.tickets import TicketNotValid, unseal
from membership.views.refusals import refusal_words, words_of
from membership.views.whose import Whose
from payments.gateways.registry import abilities_of
from payments.models import Transaction
from payments.wording import failure_reason, known_reason, was_refused

LEFT = "cancelled_by_payer"
NO_CARD_WAS_ASKED = {"card_not_entered", "card_known", "customer_gone", "abandoned"}


@dataclass(frozen=True)
class Alert:
    kind: str  # "bad" or "wait"
    title: str
    text: str
    changes: tuple[str, ...] = ()
    declined: bool = False


def alert_for(request: LocationRequest, about: Whose, now: Quote) -> Alert | None:
    if words := refusal_words(request):
        return Alert("bad", words, "")
    if sealed := request.GET.get("seen", ""):
        return _changed_since(request, about, sealed, now)
    return _declined(request, about, now)


def _changed_since(request: LocationRequest, about: Whose, sealed: str, now: Quote) -> Alert | None:
    try:
        seen = unseal(
            sealed,
            member_id=request.principal.member_id,
            option_id=now.option_id,
            company_id=about.company_id,
        )
    except TicketNotValid as old:
        return Alert("wait", old.messages[0], "")
    return _changed(seen.quote, now)


def _changed(seen: Quote, now: Quote) -> Alert | None:
    changes = tuple(_differences(seen, now))
    if not changes:
        return None
    return Alert(
        "wait",
        _("This changed while you were here. Nothing was charged."),
        _("Look at it again, then pay or go back."),
        changes,
    )


def _differences(seen: Quote, now: Quote) -> list[str]:
    pairs = [
        (format_credits(seen.credits), format_credits(now.credits), _("Credits")),
        (
            format_money(seen.list_price_minor, seen.currency),
            format_money(now.list_price_minor, now.currency),
            _("Price"),
        ),
        (_percent(seen.discount_percent), _percent(now.discount_percent), _("Discount")),
        (_tax(seen), _tax(now), _("Tax")),
        (
            format_money(seen.total_minor, seen.currency),
            format_money(now.total_minor, now.currency),
            _("Total"),
        ),
        (_expiry(seen), _expiry(now), _("Expiry")),
    ]
    return [
        _("%(what)s: %(old)s is now %(new)s.") % {"what": what, "old": old, "new": new}
        for old, new, what in pairs
        if old != new
    ]


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f} %" if percent else _("none")


def _tax(quote: Quote) -> str:
    if not quote.tax.percent:
        return _("none")
    return f"{quote.tax.name} {quote.tax.percent.normalize():f} %"


def _expiry(quote: Quote) -> str:
    if quote.expiry_months is None:
        return _("never")
    return _("%(months)d months") % {"months": quote.expiry_months}


def _declined(request: LocationRequest, about: Whose, now: Quote) -> Alert | None:
    purchase = _failed_purchase(about, request.GET.get("declined", ""))
    if purchase is None:
        return None
    charge = purchase.charge
    assert charge  # only what a gateway was to charge can fail
    if charge.failure_code == "quote_changed" and (alert := _changed(frozen_quote(purchase), now)):
        return alert
    return declined(charge)


def declined(charge: Transaction) -> Alert:
    """Why a charge failed, and what the payer can do."""
    if words := words_of(charge.failure_code):
        return Alert("bad", words, "")
    if charge.failure_code == LEFT:
        title = _("You left before paying with %(gateway)s.") % {"gateway": charge.connection}
        return Alert("wait", title, _("Nothing was charged. Try again, or pay some other way."))
    if was_refused(charge.failure_code):
        return _refused(charge)
    reason = failure_reason(charge.failure_code)
    if charge.failure_code in NO_CARD_WAS_ASKED:
        return Alert("bad", _("Nothing was paid: %(reason)s.") % {"reason": reason}, "")
    if abilities_of(charge.connection.gateway).redirects:
        title = _("The payment with %(gateway)s was not finished: %(reason)s.") % {
            "gateway": charge.connection,
            "reason": reason,
        }
        return Alert("bad", title, _("Nothing was charged. Try again, or pay some other way."))
    title = _("%(card)s was declined: %(reason)s.") % {
        "card": charge.paid_with or _("The card"),
        "reason": reason,
    }
    text = _("Nothing was charged. Use another card, or ask your bank and try again.")
    return Alert("bad", title, text, declined=True)


def _refused(charge: Transaction) -> Alert:
    """The gateway did not take the request, so the bank had no say in it."""
    title = _("The payment service did not take this payment.")
    if reason := known_reason(charge.failure_code):
        title = _("The payment service did not take this payment: %(reason)s.") % {"reason": reason}
    text = _("Nothing was charged. Try to pay some other way, or ask the team of %(location)s.")
    return Alert("bad", title, text % {"location": charge.location.name}, declined=True)


def _failed_purchase(about: Whose, key: str) -> Purchase | None:
    uuid = key_of(key)
    if uuid is None:
        return None
    return (
        Purchase.objects.filter(
            key=uuid,
            customer_id=about.customer_id,
            state__in=[Purchase.State.FAILED, Purchase.State.EXPIRED],
        )
        .select_related("charge__connection")
        .first()
    )


def key_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
