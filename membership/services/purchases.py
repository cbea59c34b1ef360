from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Member
from credits.models import CreditOption
from membership.models import Purchase
from membership.services.quotes import OptionNotOnSale, Quote, QuoteChanged, quote_option
from payments.models import Card, GatewayConnection, Transaction


class NotAnActiveMember(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Your membership is suspended, so you can't buy credits. Nothing was charged."),
            code="not_an_active_member",
        )


class MethodNotOpen(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Card payments are closed at the moment. Nothing was charged."),
            code="method_not_open",
        )


class CardNotUsable(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This card can't be used any more. Nothing was charged. Choose another one."),
            code="card_not_usable",
        )


@dataclass(frozen=True)
class CardOrder:
    """How the buyer wants to pay: a kept card, or one that is yet to be entered (None)."""

    connection_id: int
    card_id: int | None
    keep_card: bool = False


@transaction.atomic
def start_purchase(
    *, member: Member, option_id: int, order: CardOrder, seen: Quote, key: UUID, at: datetime
) -> Purchase:
    """Write down a member's personal purchase and its charge, both pending, once per key.

    Committed before the gateway hears of it, so that money which moves has a row to land on.

    :raises NotAnActiveMember: if the member may not buy (read under lock)
    :raises OptionNotOnSale: if the option is archived
    :raises QuoteChanged: if it costs or gives something else than the buyer saw
    :raises MethodNotOpen: if the gateway is not connected
    :raises CardNotUsable: if the card is not a kept one of this customer
    """
    member = _lock_buyer(member.pk)
    if made := Purchase.objects.filter(key=key, bought_by=member).first():
        return made
    quote = _confirmed_quote(option_id, seen)
    connection = _open_connection(order.connection_id)
    customer = member.customer
    card = _usable_card(order.card_id, customer, connection) if order.card_id else None
    charge = Transaction.objects.create(
        location=member.location,
        customer=customer,
        connection=connection,
        amount_minor=quote.total_minor,
        currency=quote.currency,
        key=key,
        card=card,
        keep_card=order.keep_card and card is None,
        paid_with=str(card) if card else "",
        made_by=member.user,
        created_at=at,
    )
    return _write_purchase(member, customer, quote, charge, at=at)


def check_purchase(purchase: Purchase) -> None:
    """Ask again, under lock and right before the charge, whether the purchase may go ahead.

    :raises NotAnActiveMember, OptionNotOnSale, QuoteChanged, MethodNotOpen:
    """
    _lock_buyer(purchase.bought_by_id)
    _confirmed_quote(purchase.option_id, frozen_quote(purchase))
    _open_connection(purchase.charge.connection_id)


def _lock_buyer(member_id: int) -> Member:
    member = (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "user", "customer")
        .get(pk=member_id)
    )
    if member.state != Member.State.ACTIVE:
        raise NotAnActiveMember
    return member


def _confirmed_quote(option_id: int, seen: Quote) -> Quote:
    # Read after the buyer's lock, not with it: a new currency or tax is seen.
    option = CreditOption.objects.filter(pk=option_id).select_related("location").first()
    if option is None:
        raise OptionNotOnSale
    now = quote_option(option, option.location)
    if now != seen:
        raise QuoteChanged(seen=seen, now=now)
    return now


def frozen_quote(purchase: Purchase) -> Quote:
    """The quote that the buyer confirmed, as the purchase keeps it."""
    return Quote(
        option_id=purchase.option_id,
        credits=purchase.credits,
        expiry_months=purchase.expiry_months,
        list_price_minor=purchase.list_price_minor,
        currency=purchase.currency,
        tax=purchase.tax,
        amount=purchase.amount,
    )


def _open_connection(connection_id: int) -> GatewayConnection:
    connection: GatewayConnection | None
    connection = GatewayConnection.objects.connected().filter(pk=connection_id).first()
    if connection is None:
        raise MethodNotOpen
    return connection


def _usable_card(card_id: int, customer: Customer, connection: GatewayConnection) -> Card:
    card: Card | None
    # Locked, so that its owner can't remove it between this look and the charge's row.
    card = (
        Card.objects.kept()
        .filter(pk=card_id, customer=customer, connection=connection)
        .select_for_update(no_key=True, of=("self",))
        .first()
    )
    if card is None:
        raise CardNotUsable
    return card


def _write_purchase(
    member: Member, customer: Customer, quote: Quote, charge: Transaction, *, at: datetime
) -> Purchase:
    return Purchase.objects.create(
        location=member.location,
        key=charge.key,
        customer=customer,
        bought_by=member,
        option_id=quote.option_id,
        credits=quote.credits,
        expiry_months=quote.expiry_months,
        currency=quote.currency,
        list_price_minor=quote.list_price_minor,
        net_minor=quote.amount.net_minor,
        tax_minor=quote.amount.tax_minor,
        total_minor=quote.total_minor,
        tax_name=quote.tax.name,
        tax_percent=quote.tax.percent,
        tax_included=quote.tax.included,
        method=Purchase.Method.GATEWAY,
        charge=charge,
        created_at=at,
    )
