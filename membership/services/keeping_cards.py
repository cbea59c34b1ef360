"""Keeping a card without buying, and choosing which one is offered first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Member
from membership.services.buyers import card_refusal, lock_buyer
from membership.services.refusals import CardNotUsable, MethodNotOpen, NewCardForManagers
from membership.statements import Hold
from payments.gateways.protocol import SetupOutcome, SetupState
from payments.models import Card, GatewayConnection
from payments.services.card_testing import begin_card_try, name_card_try, note_good_card
from payments.services.cards import CARD_KNOWN, record_card, settle_entered_card
from payments.services.connecting import card_gateway_of
from payments.services.customers import open_customer_setup


class CardNotEntered(ValidationError):
    """The bank or the gateway did not take the card; `failure` is their code."""

    def __init__(self, failure: str) -> None:
        super().__init__(_("The card was not saved."), code="card_not_entered")
        self.failure = failure


@dataclass(frozen=True)
class Keeper:
    """A member, for themself or for a company whose cards they manage."""

    member: Member
    company_id: int | None = None


def open_card(*, keeper: Keeper, key: UUID, at: datetime) -> tuple[Card, SetupOutcome]:
    """Let a card be entered, once per key; the browser gets the client secret.

    Calls the gateway: never inside a transaction.

    :raises PurchaseRefused: if they may not keep cards for this customer (read under lock)
    :raises TooManyFailedCards: the gateway was not asked
    :raises GatewayUnavailable, GatewayRefused: nothing was saved
    """
    customer, connection = _allowed(keeper, at=at)
    once = f"card-{customer.pk}-{key}"
    tried = begin_card_try(
        connection=connection,
        customer_id=customer.pk,
        user_id=keeper.member.user_id,
        key=once,
        at=at,
    )
    setup = open_customer_setup(connection=connection, customer=customer, key=once)
    name_card_try(tried, setup_reference=setup.reference)
    card, _made = Card.objects.get_or_create(
        connection=connection,
        setup_reference=setup.reference,
        defaults={
            "location_id": customer.location_id,
            "customer": customer,
            "state": Card.State.ENTERED,
            "created_at": at,
        },
    )
    return card, setup


def keep_card(*, keeper: Keeper, card_id: int, at: datetime) -> Card:
    """Keep a card that was entered, once however often it is asked.

    Calls the gateway: never inside a transaction.

    :raises PurchaseRefused: if they may no longer keep cards for this customer
    :raises CardNotEntered: if the card was not taken; the attempt is forgotten by itself
    :raises GatewayUnavailable, GatewayRefused: nothing was saved
    """
    customer, connection = _allowed(keeper, at=at)
    card = Card.objects.filter(pk=card_id, customer=customer, connection=connection).first()
    if card is None or card.state not in {Card.State.ENTERED, Card.State.KEPT}:
        raise CardNotUsable
    if card.state == Card.State.ENTERED:
        setup = card_gateway_of(connection).read_setup(card.setup_reference)
        if setup.state is not SetupState.READY or setup.card is None:
            raise CardNotEntered(setup.failure_code or "card_not_entered")
        with transaction.atomic():
            _allowed(keeper, at=at)
            is_new = record_card(card, setup.card)
            if is_new:
                note_good_card(card)
                settle_entered_card(card.pk, keep=True)
        if not is_new:
            raise CardNotEntered(CARD_KNOWN)
    card.refresh_from_db()
    return card


@transaction.atomic
def choose_default_card(*, keeper: Keeper, card_id: int, at: datetime) -> Card:
    """Offer this card first at checkout.

    :raises PurchaseRefused: if they may not decide for this customer, or the card is gone
    """
    customer, _connection = _allowed(keeper, at=at)
    kept = Card.objects.kept().filter(customer=customer)
    locked = kept.select_for_update(no_key=True, of=("self",)).order_by("pk")
    cards: dict[int, Card] = {it.pk: it for it in locked}
    if card_id not in cards:
        raise CardNotUsable
    Card.objects.filter(pk__in=cards.keys() - {card_id}, is_default=True).update(is_default=False)
    Card.objects.filter(pk=card_id).update(is_default=True)
    return cards[card_id]


@transaction.atomic
def _allowed(keeper: Keeper, *, at: datetime) -> tuple[Customer, GatewayConnection]:
    facts = lock_buyer(
        member_id=keeper.member.pk,
        location_id=keeper.member.location_id,
        company_id=keeper.company_id,
        hold=Hold.PERMISSION,
        at=at,
    )
    if refusal := card_refusal(facts):
        raise refusal
    if not facts.is_manager:
        raise NewCardForManagers
    connection = GatewayConnection.objects.for_cards().first()
    if connection is None:
        raise MethodNotOpen
    customers = Customer.objects.select_related("member__user", "company", "location")
    return customers.get(pk=facts.customer_id), connection
