from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from community.models import ApiKey, Member
from credits.models import CreditOption
from membership.models import Purchase
from membership.services.buyers import Order, card_refusal, lock_buyer, plan_terms
from membership.services.quotes import OptionNotOnSale, Quote, QuoteChanged, quote_option
from membership.services.refusals import (
    AboveMaximum,
    BelowMinimum,
    BetweenSteps,
    CardNotUsable,
    CurrencyNotTaken,
    MethodNotOpen,
    NewCardForManagers,
    PaymentNeeded,
    PurchaseRefused,
)
from membership.statements import BuyerFacts, Hold
from payments.gateways.protocol import Limit
from payments.gateways.registry import abilities_of
from payments.models import Card, GatewayConnection, Transaction

BREACHES: dict[Limit, type[PurchaseRefused]] = {
    Limit.LEAST: BelowMinimum,
    Limit.MOST: AboveMaximum,
    Limit.STEP: BetweenSteps,
}


@dataclass(frozen=True)
class CardOrder:
    """How the buyer wants to pay: a kept card, or one that is yet to be entered (None).

    At a gateway that redirects there is none: what they pay with is asked there.
    """

    connection_id: int
    card_id: int | None
    keep_card: bool = False

    @property
    def keeps_new_card(self) -> bool:
        return self.keep_card and self.card_id is None


def start_purchase(
    *,
    member: Member,
    option_id: int,
    order: CardOrder,
    seen: Quote,
    key: UUID,
    at: datetime,
    company_id: int | None = None,
    api_key: ApiKey | None = None,
) -> Purchase:
    """Write down a purchase and its charge, both pending, once per key.

    Committed before the gateway hears of it, so that money which moves has a row to land on.

    :param company_id: the company it is for; None for the member themself
    :param api_key: that of software which buys for them
    :raises PurchaseRefused: if they may not buy, or not with that card (read under lock)
    :raises OptionNotOnSale: if the option is archived
    :raises QuoteChanged: if it costs or gives something else than the buyer saw
    """
    assert seen.option_id == option_id
    wanted = Order(member=member, company_id=company_id, seen=seen, key=key, api_key=api_key)
    try:
        with transaction.atomic():
            return _start(wanted, order, at=at)
    except IntegrityError:
        # The key's unique index decides between two clicks: the second gets what the first did.
        if made := Purchase.objects.filter(key=key, bought_by=member).first():
            return made
        raise


def _start(wanted: Order, order: CardOrder, *, at: datetime) -> Purchase:
    facts = lock_buyer(
        member_id=wanted.member.pk,
        location_id=wanted.member.location_id,
        company_id=wanted.company_id,
        hold=Hold.PERMISSION,
        at=at,
    )
    if made := Purchase.objects.filter(key=wanted.key, bought_by=wanted.member).first():
        return made
    quote = confirmed_quote(facts, wanted.seen)
    connection = open_connection(order.connection_id)
    refuse_what_it_lacks(connection, quote.total_minor, quote.currency)
    _refuse_gateway(facts, connection, new_card=order.card_id is None)
    card = usable_card(order.card_id, facts.customer_id, connection) if order.card_id else None
    charge = Transaction.objects.create(
        location_id=facts.location_id,
        customer_id=facts.customer_id,
        connection=connection,
        amount_minor=quote.total_minor,
        currency=quote.currency,
        key=wanted.key,
        card=card,
        keep_card=order.keeps_new_card,
        paid_with=paid_with(card, connection),
        made_by_id=facts.user_id,
        created_at=at,
    )
    return write_purchase(facts, quote, charge, api_key=wanted.api_key, at=at)


def check_purchase(purchase: Purchase, *, at: datetime) -> None:
    """Ask again, under lock and right before the charge, whether the purchase may go ahead.

    :raises PurchaseRefused, OptionNotOnSale, QuoteChanged:
    """
    charge = purchase.charge
    assert charge
    facts = lock_buyer(
        member_id=purchase.bought_by_id,
        location_id=purchase.location_id,
        company_id=purchase.customer.company_id,
        hold=Hold.PERMISSION,
        at=at,
    )
    confirmed_quote(facts, frozen_quote(purchase))
    connection = open_connection(charge.connection_id)
    is_new = charge.card is None or charge.card.state != Card.State.KEPT
    _refuse_gateway(facts, connection, new_card=is_new)


def _refuse_gateway(facts: BuyerFacts, connection: GatewayConnection, *, new_card: bool) -> None:
    if refusal := card_refusal(facts):
        raise refusal
    enters_card = new_card and abilities_of(connection.gateway).charges_cards
    if enters_card and not facts.is_manager:
        raise NewCardForManagers


def paid_with(card: Card | None, connection: GatewayConnection) -> str:
    """What the documents name: the card, if it is known yet, or the service that was paid at."""
    if abilities_of(connection.gateway).redirects:
        return str(connection)
    return str(card) if card else ""


def confirmed_quote(facts: BuyerFacts, seen: Quote) -> Quote:
    """What it costs this buyer now; it must be what they saw, and cost something.

    :raises OptionNotOnSale, QuoteChanged, PaymentNeeded:
    """
    # Read after the buyer's lock, not with it: a new currency or tax is seen.
    option = CreditOption.objects.filter(pk=seen.option_id).select_related("location").first()
    if option is None:
        raise OptionNotOnSale
    now = quote_option(option, option.location, plan_terms(facts), exemption=facts.exemption)
    if now != seen:
        raise QuoteChanged(seen=seen, now=now)
    if now.is_free:
        raise PaymentNeeded
    return now


def frozen_quote(purchase: Purchase) -> Quote:
    """The quote that the buyer confirmed, as the purchase keeps it."""
    return Quote(
        option_id=purchase.option_id,
        credits=purchase.credits,
        expiry_months=purchase.expiry_months,
        list_price_minor=purchase.list_price_minor,
        discount_percent=purchase.discount_percent,
        currency=purchase.currency,
        tax=purchase.tax,
        amount=purchase.amount,
    )


def open_connection(connection_id: int) -> GatewayConnection:
    """A gateway that takes payments now.

    :raises MethodNotOpen: if it was disconnected
    """
    connection: GatewayConnection | None
    connection = GatewayConnection.objects.connected().filter(pk=connection_id).first()
    if connection is None:
        raise MethodNotOpen
    return connection


def refuse_what_it_lacks(connection: GatewayConnection, total_minor: int, currency: str) -> None:
    """See that the gateway takes the currency and such an amount.

    :raises CurrencyNotTaken, BelowMinimum, AboveMaximum, BetweenSteps: if it does not
    """
    if refusal := gateway_refusal(connection, total_minor, currency):
        raise refusal


def gateway_refusal(
    connection: GatewayConnection, total_minor: int, currency: str
) -> PurchaseRefused | None:
    abilities = abilities_of(connection.gateway)
    if not abilities.takes_currency(currency):
        return CurrencyNotTaken()
    breach = abilities.breach(total_minor, currency)
    return BREACHES[breach.limit]() if breach else None


def usable_card(card_id: int, customer_id: int, connection: GatewayConnection) -> Card:
    """A kept card of the customer, locked.

    :raises CardNotUsable: if it was removed, or never theirs
    """
    card: Card | None
    # Locked, so that its owner can't remove it between this look and the charge's row.
    card = (
        Card.objects.kept()
        .filter(pk=card_id, customer=customer_id, connection=connection)
        .select_for_update(no_key=True, of=("self",))
        .first()
    )
    if card is None:
        raise CardNotUsable
    return card


def write_purchase(
    facts: BuyerFacts,
    quote: Quote,
    charge: Transaction,
    *,
    at: datetime,
    state: Purchase.State = Purchase.State.PENDING,
    api_key: ApiKey | None = None,
) -> Purchase:
    return Purchase.objects.create(
        location_id=facts.location_id,
        key=charge.key,
        customer_id=facts.customer_id,
        bought_by_id=facts.member_id,
        api_key=api_key,
        option_id=quote.option_id,
        credits=quote.credits,
        expiry_months=quote.expiry_months,
        currency=quote.currency,
        list_price_minor=quote.list_price_minor,
        discount_percent=quote.discount_percent,
        assignment_id=facts.assignment_id,
        net_minor=quote.amount.net_minor,
        tax_minor=quote.amount.tax_minor,
        total_minor=quote.total_minor,
        tax_name=quote.tax.name,
        tax_percent=quote.tax.percent,
        tax_included=quote.tax.included,
        exemption=quote.tax.exemption,
        method=Purchase.Method.GATEWAY,
        state=state,
        charge=charge,
        created_at=at,
    )
