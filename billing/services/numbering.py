from collections.abc import Mapping
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

    def __init__(self, kind: str, *, least: int) -> None:
        words = ValidationError(
            _("The next number is %(least)d already. It can only be moved on, never back."),
            code="number_taken",
            params={"least": least},
        )
        super().__init__({f"next_{kind}": words})


def hold_series(*, location_id: int, kind: DocumentCounter.Kind) -> None:
    """Hold a series until the transaction ends, before anything takes a rollup slot."""
    assert transaction.get_connection().in_atomic_block
    DocumentCounter.objects.select_for_update(no_key=True).get_or_create(
        location_id=location_id, kind=kind, defaults={"last_number": 0}
    )


def next_numbers(*, location: Location) -> dict[str, int]:
    """The number that the location's next document of each kind gets, unless one is quicker."""
    counters = DocumentCounter.objects.filter(location=location)
    last = dict(counters.values_list("kind", "last_number"))
    return {kind: last.get(kind, 0) + 1 for kind in DocumentCounter.Kind.values}


@transaction.atomic
def change_billing_details(
    *,
    location: Location,
    values: dict[str, Any],
    next_numbers: Mapping[str, int],
    seen: str,
    by: User,
    at: datetime,
) -> None:
    """Change what documents say from now on, and move their numbers on.

    :param next_numbers: the number to go on with, by kind; one that is missing stays alone
    :param seen: `version_of` the values that the change started from
    :raises ChangedMeanwhile: if they are others by now
    :raises NumberTaken: if the series has got further than the next number
    """
    location = lock_location(location)
    refuse_stale(location, BILLING, seen)
    before, after = {}, {}
    for kind in sorted(next_numbers):
        former = _move_on(location, kind, to=next_numbers[kind])
        if former != next_numbers[kind]:
            before[f"next_{kind}"], after[f"next_{kind}"] = former, next_numbers[kind]
    write_settings(
        location,
        values,
        action="billing details changed",
        by=by,
        at=at,
        before=before,
        after=after,
    )


def _move_on(location: Location, kind: str, *, to: int) -> int:
    """Let the next document of a kind have this number; give the one it would have had."""
    counter, _made = DocumentCounter.objects.select_for_update(no_key=True).get_or_create(
        location=location, kind=kind, defaults={"last_number": 0}
    )
    former = counter.last_number + 1
    if to < former:
        raise NumberTaken(kind, least=former)
    counter.last_number = to - 1
    counter.save(update_fields=["last_number"])
    return former
