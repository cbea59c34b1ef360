"""What a person wants to hear of, and how."""

from decimal import Decimal

from django.core import signing
from django.db import transaction

from community.models import Customer
from notifications.kinds import KINDS
from notifications.models import BalanceWish, Channel, Preference

SALT = "deskmint.unsubscribe"


def said_by(user_id: int) -> dict[tuple[str, str], bool]:
    """The person's own words: by kind and channel, wanted or not."""
    said = Preference.objects.filter(user_id=user_id)
    return {(word.kind, word.channel): word.wanted for word in said}


def silenced_in_app(*, user_id: int) -> list[str]:
    no = Preference.objects.filter(user_id=user_id, channel=Channel.APP, wanted=False)
    return [kind for kind in no.values_list("kind", flat=True) if kind in KINDS]


@transaction.atomic
def choose_preferences(*, user_id: int, wanted: dict[tuple[str, str], bool]) -> None:
    """Keep the person's word on each kind and channel; what can't be silenced is left alone."""
    words = [
        Preference(user_id=user_id, kind=kind, channel=channel, wanted=yes)
        for (kind, channel), yes in wanted.items()
        if kind in KINDS and KINDS[kind].may_be_silenced(Channel(channel))
    ]
    Preference.objects.bulk_create(
        words,
        update_conflicts=True,
        unique_fields=["user", "kind", "channel"],
        update_fields=["wanted"],
    )


@transaction.atomic
def choose_low_balance(*, customer: Customer, below: Decimal | None) -> None:
    """Have a member told when their balance falls below a figure, or (None) no longer."""
    if below is None:
        BalanceWish.objects.filter(customer=customer).delete()
        return
    BalanceWish.objects.update_or_create(
        customer=customer,
        defaults={"location_id": customer.location_id, "below": below, "told_at": None},
    )


def unsubscribe_token(*, user_id: int, kind: str) -> str:
    """What a mail's link carries: it lets whoever has it stop mails of that kind, nothing else."""
    return signing.dumps([user_id, kind], salt=SALT)


def read_unsubscribe_token(token: str) -> tuple[int, str] | None:
    try:
        user_id, kind = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return (user_id, kind) if kind in KINDS else None
