"""Which ways of paying a buyer is offered, and why one is missing and whom to ask."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Bill
from community.money import format_credits
from membership.forms import REDIRECT
from membership.services.buyers import (
    bill_refusal,
    buyer_refusal,
    card_refusal,
    claim_refusal,
    transfer_refusal,
)
from membership.services.purchases import gateway_refusal
from membership.services.quotes import Quote
from membership.services.refusals import PurchaseRefused
from membership.services.transfers import awaited_refusal
from membership.statements import BuyerFacts
from membership.views.whose import managers_of
from payments.gateways.registry import KINDS, abilities_of
from payments.models import Card, GatewayConnection


@dataclass(frozen=True)
class Offer:
    """A way of paying as the checkout shows it: open, or with the reason why not."""

    method: str
    label: str
    icon: str
    is_open: bool
    more: str = ""


@dataclass(frozen=True)
class Offers:
    """All that the rules say to this buyer about this many credits."""

    methods: list[Offer]
    claim_closed_because: str = ""

    @property
    def open(self) -> set[str]:
        return {offer.method for offer in self.methods if offer.is_open}

    @property
    def redirects(self) -> bool:
        """Whether a page of another service is among them."""
        return any(method.startswith(REDIRECT) for method in self.open)

    @property
    def first_open(self) -> str:
        return next((offer.method for offer in self.methods if offer.is_open), "")


def offers_to(
    facts: BuyerFacts, quote: Quote, *, connections: list[GatewayConnection], cards: list[Card]
) -> Offers:
    """Each connected gateway in the location's order, then the bill."""
    gateways = [_at_gateway(facts, quote, connection, cards) for connection in connections]
    if not any(offer.method == "card" for offer in gateways):
        gateways.insert(0, _card(facts, quote, None, cards))
    return Offers(
        methods=[*gateways, _bill(facts, quote.credits)],
        claim_closed_because=reason(refusal, facts) if (refusal := claim_refusal(facts)) else "",
    )


def may_buy_somehow(facts: BuyerFacts, connections: list[GatewayConnection]) -> bool:
    """Whether a way is open in principle; single options may still be too much or too little."""
    if buyer_refusal(facts):
        return False
    at_gateways = any(
        (transfer_refusal if abilities_of(it.gateway).confirms_later else card_refusal)(facts)
        is None
        for it in connections
    )
    return at_gateways or bill_refusal(facts, Decimal(0)) is None


def offers_for_bill(bill: Bill, connections: list[GatewayConnection]) -> list[Offer]:
    """The gateways at which a bill can be paid, each open or with the reason why not."""
    return [
        _bill_at_gateway(bill, connection)
        for connection in connections
        if not abilities_of(connection.gateway).confirms_later
    ]


def _bill_at_gateway(bill: Bill, connection: GatewayConnection) -> Offer:
    refusal = gateway_refusal(connection, bill.to_pay_minor, bill.currency)
    facts = {"currency": bill.currency, "location": bill.location.name}
    more = str(REASONS[refusal.code]) % facts if refusal else ""
    if abilities_of(connection.gateway).redirects:
        return _redirect(connection, more or _goes_on(connection), is_open=refusal is None)
    return Offer("card", _("Card"), "credit-card", is_open=refusal is None, more=more)


def _at_gateway(
    facts: BuyerFacts, quote: Quote, connection: GatewayConnection, cards: list[Card]
) -> Offer:
    abilities = abilities_of(connection.gateway)
    if abilities.confirms_later:
        return _transfer(facts, quote, connection)
    if not abilities.redirects:
        return _card(facts, quote, connection, cards)
    refusal = card_refusal(facts) or _gateway_refusal(connection, quote)
    more = reason(refusal, facts) if refusal else _goes_on(connection)
    return _redirect(connection, more, is_open=refusal is None)


def _redirect(connection: GatewayConnection, more: str, *, is_open: bool) -> Offer:
    kind = KINDS[connection.gateway]
    method = f"{REDIRECT}{connection.gateway}"
    return Offer(method, str(kind.label), kind.icon, is_open=is_open, more=more)


def _goes_on(connection: GatewayConnection) -> str:
    return _("You pay on the page of %(gateway)s and come back.") % {"gateway": connection}


def _gateway_refusal(connection: GatewayConnection, quote: Quote) -> PurchaseRefused | None:
    return gateway_refusal(connection, quote.total_minor, quote.currency)


def _card(
    facts: BuyerFacts, quote: Quote, connection: GatewayConnection | None, cards: list[Card]
) -> Offer:
    why = ""
    if connection is None:
        why = _("Not open: no payment service is connected. Ask the team of %(name)s.") % {
            "name": facts.location_name
        }
    elif refusal := card_refusal(facts) or _gateway_refusal(connection, quote):
        why = reason(refusal, facts)
    elif not facts.is_manager and not cards:
        why = _("Not open: %(company)s has no saved card. Ask %(managers)s to save one.") % {
            "company": facts.company_name,
            "managers": _managers(facts),
        }
    return Offer("card", _("Card"), "credit-card", is_open=not why, more=why)


def _transfer(facts: BuyerFacts, quote: Quote, connection: GatewayConnection) -> Offer:
    refusal = (
        transfer_refusal(facts)
        or _gateway_refusal(connection, quote)
        or awaited_refusal(facts.customer_id)
    )
    more = reason(refusal, facts) if refusal else _("The credits are added once the money came.")
    return Offer("transfer", _("Bank transfer"), "landmark", is_open=refusal is None, more=more)


def _bill(facts: BuyerFacts, credits: Decimal) -> Offer:
    refusal = bill_refusal(facts, credits)
    if refusal is None:
        return Offer("bill", _("Bill"), "receipt-text", is_open=True, more=_bill_says(facts))
    return Offer("bill", _("Bill"), "receipt-text", is_open=False, more=reason(refusal, facts))


def _bill_says(facts: BuyerFacts) -> str:
    if facts.bill_credits == "when_paid":
        return _("Goes on the open bill. The credits are added once that bill is paid.")
    return _("Goes on the open bill, the credits are added at once.")


REASONS = {
    "may_not_use_card": gettext_lazy(
        "Only managers buy for %(company)s by card. Ask %(managers)s for"
        " “May use the company card”."
    ),
    "may_not_use_bill": gettext_lazy(
        "Only managers buy for %(company)s on the bill. Ask %(managers)s for"
        " “May use the company bill”."
    ),
    "may_not_claim": gettext_lazy(
        "Only managers get free credits for %(company)s. Ask %(managers)s for"
        " “May use the company card”."
    ),
    "transfer_for_managers": gettext_lazy(
        "Only managers pay for %(company)s by bank transfer. Ask %(managers)s."
    ),
    "too_many_transfers": gettext_lazy(
        "Not open: enough transfers are awaited already. Pay or cancel one of them first."
    ),
    "below_minimum": gettext_lazy(
        "Not open: this is less than the payment service takes. Ask the team of %(location)s."
    ),
    "above_maximum": gettext_lazy(
        "Not open: this is more than the payment service takes. Ask the team of %(location)s."
    ),
    "between_steps": gettext_lazy(
        "Not open: the payment service doesn't take an amount in %(currency)s as exact as this."
        " Ask the team of %(location)s."
    ),
    "currency_not_taken": gettext_lazy(
        "Not open: the payment service doesn't take %(currency)s. Ask the team of %(location)s."
    ),
    "no_plan": gettext_lazy("Not open: paying by bill needs a plan. Ask the team of %(location)s."),
    "bill_not_enabled": gettext_lazy(
        "Not open: the plan %(plan)s doesn't allow paying by bill. Ask the team of %(location)s."
    ),
    "bill_for_managers": gettext_lazy("Not open: the bill is for managers only. Ask %(managers)s."),
    "no_active_bill": gettext_lazy(
        "Not open: there is no open bill yet. Try again in a minute, or ask the team of"
        " %(location)s."
    ),
    "bill_overdue": gettext_lazy(
        "Not open: a bill is overdue. Pay it, or ask the team of %(location)s."
    ),
    "bill_limit": gettext_lazy(
        "Not open: with these the open bill would hold more than %(limit)s credits."
        " Ask the team of %(location)s."
    ),
}


def reason(refusal: PurchaseRefused, facts: BuyerFacts) -> str:
    """Why a way is closed to this buyer, and whom to ask."""
    return str(REASONS[refusal.code]) % {
        "company": facts.company_name,
        "managers": _managers(facts) if facts.company_id else "",
        "location": facts.location_name,
        "currency": facts.currency,
        "plan": facts.plan_name or "",
        "limit": format_credits(facts.bill_limit_credits or Decimal(0)),
    }


def _managers(facts: BuyerFacts) -> str:
    assert facts.company_id
    return managers_of(facts.company_id, else_ask=facts.location_name)
