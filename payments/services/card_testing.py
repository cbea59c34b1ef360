"""The guard against card testing: whoever tries one bad card after the other is stopped here.

Counted from rows, so it holds over all processes and machines.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from community.models import User
from payments.models import Card, CardTry, GatewayConnection

WITHIN = timedelta(hours=1)
# A person who mistypes stays far below these; who tests stolen numbers needs hundreds.
BY_USER, OF_CUSTOMER, AT_LOCATION = 10, 20, 100


class TooManyFailedCards(ValidationError):
    code = "too_many_failed_cards"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Too many cards failed in the last hour, so none is tried now. Nothing was charged."
                " Try again in an hour, or pay some other way."
            ),
            code=self.code,
        )


@dataclass(frozen=True)
class Tally:
    """How many cards failed within an hour, of this user and customer, and of all."""

    by_user: int
    of_customer: int
    at_location: int

    @property
    def is_too_many(self) -> bool:
        return (
            self.by_user >= BY_USER
            or self.of_customer >= OF_CUSTOMER
            or self.at_location >= AT_LOCATION
        )


@transaction.atomic
def begin_card_try(
    *, connection: GatewayConnection, customer_id: int, user_id: int, key: str, at: datetime
) -> CardTry:
    """Note that a new card is about to be entered, once per key; it counts from now on.

    Tries at one location are counted one after the other: many at once get no further.

    :raises TooManyFailedCards: the gateway must not be asked
    """
    GatewayConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if begun := CardTry.objects.filter(location=connection.location_id, key=key).first():
        return begun
    refuse_failing_cards(
        location_id=connection.location_id, customer_id=customer_id, user_id=user_id, at=at
    )
    return CardTry.objects.create(
        location_id=connection.location_id,
        customer_id=customer_id,
        made_by_id=user_id,
        key=key,
        tried_at=at,
    )


def refuse_failing_cards(*, location_id: int, customer_id: int, user_id: int, at: datetime) -> None:
    """See that not too many cards failed before another is charged.

    :raises TooManyFailedCards:
    """
    if _tally(location_id, customer_id, user_id, at).is_too_many:
        raise TooManyFailedCards


def name_card_try(card_try: CardTry, *, setup_reference: str) -> None:
    """Note under which reference the gateway has the card entered."""
    CardTry.objects.filter(pk=card_try.pk).update(setup_reference=setup_reference)


def note_good_card(card: Card) -> None:
    """The gateway took the card: trying it counts no more."""
    CardTry.objects.filter(customer=card.customer_id, setup_reference=card.setup_reference).update(
        was_good=True
    )


def note_failed_card(
    *, location_id: int, customer_id: int, user_id: int, key: str, at: datetime
) -> None:
    """Count a charge that was declined, once."""
    CardTry.objects.get_or_create(
        location_id=location_id,
        key=key,
        defaults={"customer_id": customer_id, "made_by_id": user_id, "tried_at": at},
    )


def paused_by(*, location_id: int, at: datetime) -> User | None:
    """Whose cards failed most, if so many did that nobody's is tried at the location."""
    failed = CardTry.objects.not_good(since=at - WITHIN).filter(location=location_id)
    if failed.count() < AT_LOCATION:
        return None
    return (
        User.objects.filter(pk__in=failed.values("made_by"))
        .alias(tries=Count("cardtry", filter=Q(cardtry__in=failed)))
        .order_by("-tries", "pk")
        .first()
    )


def _tally(location_id: int, customer_id: int, user_id: int, at: datetime) -> Tally:
    failed = CardTry.objects.not_good(since=at - WITHIN).filter(location=location_id)
    return Tally(
        **failed.aggregate(
            by_user=Count("pk", filter=Q(made_by=user_id)),
            of_customer=Count("pk", filter=Q(customer=customer_id)),
            at_location=Count("pk"),
        )
    )
