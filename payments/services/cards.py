from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer
from payments.gateways.protocol import CardDetails, GatewayUnavailable, SetupState
from payments.models import AutoPay, Card, GatewayConnection, Transaction
from payments.services.connecting import card_gateway_of

ENTERING_TAKES_AT_MOST = timedelta(hours=2)
CARD_KNOWN = "card_known"  # the failure code of an attempt whose new card is none


class CardInUse(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This card is being charged right now. Remove it once the payment is settled."),
            code="card_in_use",
        )


def record_card(card: Card, details: CardDetails) -> bool:
    """Note what the gateway says of a card that was entered for an attempt.

    False if the browser handed in one that is known by another row: that stays as it is, whoever's
    it is, and this row is over; nothing is to be detached for it.
    """
    card.reference, card.fingerprint = details.reference, details.fingerprint
    card.brand, card.last4 = details.brand.title(), details.last4
    card.exp_month, card.exp_year = details.exp_month, details.exp_year
    facts = ["reference", "fingerprint", "brand", "last4", "exp_month", "exp_year"]
    try:
        with transaction.atomic():
            card.save(update_fields=facts)
    except IntegrityError:
        at_the_account = Card.objects.filter(connection=card.connection_id)
        if not at_the_account.filter(reference=details.reference).exists():
            raise
        card.reference, card.state = "", Card.State.DETACHED
        card.save(update_fields=["state"])
        return False
    return True


def settle_entered_card(card_id: int, *, keep: bool) -> None:
    """Keep the card that was entered for a settled attempt, or let it go.

    A card kept twice is listed once: the older one is let go.
    """
    assert transaction.get_connection().in_atomic_block
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    if card.state != Card.State.ENTERED:
        return
    card.state = Card.State.KEPT if keep else Card.State.RELEASED
    card.save(update_fields=["state"])
    if keep and card.fingerprint:
        _replace_twins(card)


def _replace_twins(card: Card) -> None:
    """The one just kept takes the place of the same card kept before."""
    earlier = Card.objects.filter(
        customer=card.customer_id,
        connection=card.connection_id,
        fingerprint=card.fingerprint,
        state=Card.State.KEPT,
    ).exclude(pk=card.pk)
    for twin in earlier.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        card.is_default |= twin.is_default
        AutoPay.objects.filter(card=twin).update(card=card)
        _release(twin)
    card.save(update_fields=["is_default"])


@transaction.atomic
def remove_card(*, card: Card) -> None:
    """Take a kept card off its owner's list; it is detached at the gateway soon after.

    :raises CardInUse: while a charge of it is pending
    """
    card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
    if Transaction.objects.filter(card=card, state=Transaction.State.PENDING).exists():
        raise CardInUse
    if card.state == Card.State.KEPT:
        _release(card)


@transaction.atomic
def release_cards(*, customer: Customer) -> None:
    """Take all kept cards off a customer's list; they are detached at the gateway soon after.

    A charge under way keeps the card that it names until it is settled.
    """
    kept = Card.objects.filter(customer=customer, state=Card.State.KEPT)
    for card in kept.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        _release(card)
    AutoPay.objects.filter(customer=customer).delete()  # also of a card whose account was left


def release_cards_at(connection: GatewayConnection, *, customer: Customer) -> None:
    """Take a customer's kept cards of one account off their list."""
    assert transaction.get_connection().in_atomic_block
    kept = Card.objects.filter(connection=connection, customer=customer, state=Card.State.KEPT)
    for card in kept.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        _release(card)


def _release(card: Card) -> None:
    """A card that is not there any more pays no bills by itself and is offered first no more."""
    AutoPay.objects.filter(card=card).delete()
    card.state, card.is_default = Card.State.RELEASED, False
    card.save(update_fields=["state", "is_default"])


def cards_to_detach(*, at: datetime) -> list[int]:
    """Released cards, and entered ones whose attempt never came back; none that is being charged.

    Those of an account that was left wait for its return: nobody has its key.
    """
    abandoned = Q(state=Card.State.ENTERED, created_at__lt=at - ENTERING_TAKES_AT_MOST)
    return list(
        Card.objects.filter(Q(state=Card.State.RELEASED) | abandoned)
        .exclude(transaction__state=Transaction.State.PENDING)
        .exclude(connection__state=GatewayConnection.State.DISCONNECTED)
        .order_by("pk")
        .distinct()
        .values_list("pk", flat=True)[:100]
    )


def detach_card(card_id: int) -> bool:
    """Have the gateway forget a card; says whether it did. Safe to repeat.

    Calls the gateway: never inside a transaction.
    """
    card = Card.objects.select_related("connection").get(pk=card_id)
    gateway = card_gateway_of(card.connection)
    try:
        if not card.reference:
            setup = gateway.read_setup(card.setup_reference)
            if setup.state is SetupState.READY and setup.card:
                record_card(card, setup.card)
        if card.reference:
            gateway.detach_card(card.reference)
    except GatewayUnavailable:
        return False
    Card.objects.filter(pk=card.pk).exclude(state=Card.State.KEPT).update(state=Card.State.DETACHED)
    return True
