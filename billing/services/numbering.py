from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.models import DocumentCounter
from community.models import Location, User
from community.services.settings import BILLING, lock_location, refuse_stale, write_settings

MAX_DOCUMENT_NUMBER = 999_999_999


class NumberTaken(ValidationError):
    """The next number of a series only goes up; what was given is never given again."""

    def __init__(self, *, least: int) -> None:
        words = ValidationError(
            _("The next number is %(least)d already. It can only be moved on, never back."),
            code="number_taken",
            params={"least": least},
        )
        super().__init__({"next_receipt": words})


def next_receipt_number(*, location: Location) -> int:
    """The number that the location's next receipt gets, unless one is issued before."""
    counter = DocumentCounter.objects.filter(
        location=location, kind=DocumentCounter.Kind.RECEIPT
    ).first()
    return counter.last_number + 1 if counter else 1


@transaction.atomic
def change_billing_details(
    *,
    location: Location,
    values: dict[str, Any],
    next_receipt: int | None,
    seen: str,
    by: User,
    at: datetime,
) -> None:
    """Change what documents say from now on, and move their numbers on.

    :param next_receipt: the number to go on with; None leaves the series alone
    :param seen: `version_of` the values that the change started from
    :raises ChangedMeanwhile: if they are others by now
    :raises NumberTaken: if the series has got further than the next number
    """
    location = lock_location(location)
    refuse_stale(location, BILLING, seen)
    before = after = None
    if next_receipt is not None:
        former = _move_receipts_on(location, to=next_receipt)
        if former != next_receipt:
            before, after = {"next_receipt": former}, {"next_receipt": next_receipt}
    write_settings(
        location,
        values,
        action="billing details changed",
        by=by,
        at=at,
        before=before,
        after=after,
    )


def _move_receipts_on(location: Location, *, to: int) -> int:
    """Let the next receipt have this number; give the number it would have had."""
    counter, _made = DocumentCounter.objects.select_for_update(no_key=True).get_or_create(
        location=location, kind=DocumentCounter.Kind.RECEIPT, defaults={"last_number": 0}
    )
    former = counter.last_number + 1
    if to < former:
        raise NumberTaken(least=former)
    counter.last_number = to - 1
    counter.save(update_fields=["last_number"])
    return former
