"""The gateway's book of charges beside ours: each that it collected is one of ours, and back."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from payments.gateways.protocol import ChargeOutcome
from payments.models import GatewayConnection, ReviewCase, Transaction
from payments.services.connecting import gateway_of

# A charge that was just made may not be settled yet.
SETTLES_WITHIN = timedelta(minutes=15)
CLOCKS_DIFFER = timedelta(hours=1)


class Differs(StrEnum):
    NOT_WITH_US = "collected there, not with us"
    NOT_THERE = "with us, not collected there"
    AMOUNT = "another amount or currency"
    TWICE = "collected more than once"


@dataclass(frozen=True)
class BookDifference:
    """One charge over which the two books disagree."""

    reference: str
    how: Differs


def compare_charges(
    *, connection: GatewayConnection, since: datetime, at: datetime
) -> list[BookDifference]:
    """Compare every charge since then. What is on the list to review is known to differ.

    Calls the gateway: never inside a transaction.

    :raises GatewayRefused, GatewayUnavailable:
    """
    # Ours first: what succeeds in between is then on their list, and looked up with us.
    ours = {it.reference: it for it in _settled(connection).filter(submitted_at__gte=since)}
    theirs = gateway_of(connection).collected_charges(since=since - CLOCKS_DIFFER)
    by_reference = {it.reference: it for it in theirs}
    known = set(
        ReviewCase.objects.filter(charge__connection=connection).values_list(
            "reported__reference", flat=True
        )
    )
    unknown = _twice(theirs) + _missing(ours, by_reference) + _strange(connection, theirs, at=at)
    return [it for it in unknown if it.reference not in known]


def _settled(connection: GatewayConnection) -> QuerySet[Transaction]:
    return Transaction.objects.filter(
        connection=connection, kind=Transaction.Kind.CHARGE, state=Transaction.State.SUCCEEDED
    )


def _twice(theirs: list[ChargeOutcome]) -> list[BookDifference]:
    keys = Counter(it.key for it in theirs)
    return [BookDifference(it.reference, Differs.TWICE) for it in theirs if keys[it.key] > 1]


def _missing(
    ours: dict[str, Transaction], theirs: dict[str, ChargeOutcome]
) -> list[BookDifference]:
    return [BookDifference(it, Differs.NOT_THERE) for it in ours if it not in theirs]


def _strange(
    connection: GatewayConnection, theirs: list[ChargeOutcome], *, at: datetime
) -> list[BookDifference]:
    """Those collected there that we don't have, or have otherwise."""
    settled = {
        it.reference: it
        for it in _settled(connection).filter(reference__in=[it.reference for it in theirs])
    }
    found = []
    for outcome in theirs:
        charge = settled.get(outcome.reference)
        if charge is None:
            if not _is_being_settled(connection, outcome, at=at):
                found.append(BookDifference(outcome.reference, Differs.NOT_WITH_US))
        elif (charge.amount_minor, charge.currency) != (outcome.amount_minor, outcome.currency):
            found.append(BookDifference(outcome.reference, Differs.AMOUNT))
    return found


def _is_being_settled(
    connection: GatewayConnection, outcome: ChargeOutcome, *, at: datetime
) -> bool:
    try:
        key = UUID(outcome.key)
    except ValueError:  # somebody else's use of our word
        return True
    return Transaction.objects.filter(
        connection=connection,
        key=key,
        state=Transaction.State.PENDING,
        submitted_at__gte=at - SETTLES_WITHIN,
    ).exists()
