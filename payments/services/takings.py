"""Money of a charge that is taken back, and that returns: each refund and dispute once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum

from community.models import User
from payments.gateways.protocol import Taking, TakingState
from payments.models import Transaction
from payments.services.reviewing import open_mismatch

NAMES = UUID("6c1f5a0e-2f0b-4f3f-9d0e-5a7f0f6b7c11")


@dataclass(frozen=True)
class Moved:
    """What a report changed: how much more is taken back of its charge; minus for less."""

    taking: Transaction
    change_minor: int


def lock_charge(charge_id: int) -> Transaction:
    """Lock a charge, first of all that taking back its money locks."""
    charge: Transaction = (
        Transaction.objects.charges()
        .select_for_update(no_key=True, of=("self",))
        .select_related("connection", "location", "customer__member", "customer__company")
        .get(pk=charge_id)
    )
    return charge


def find_taking(charge: Transaction, taking: Taking) -> Transaction | None:
    found: Transaction | None = Transaction.objects.filter(
        connection=charge.connection, kind=taking.kind, reference=taking.reference
    ).first()
    return found


def fits(charge: Transaction, taking: Taking, known: Transaction | None) -> bool:
    """Whether a report is about money that its charge brought and that was not taken before."""
    if (taking.currency, taking.livemode) != (charge.currency, charge.connection.livemode):
        return False
    if known:
        return (known.charge_id, known.amount_minor) == (charge.pk, taking.amount_minor)
    most = charge.left_minor if taking.state is TakingState.TAKEN else charge.amount_minor
    return 0 < taking.amount_minor <= most


def have_taking_reviewed(charge: Transaction, taking: Taking, *, at: datetime) -> None:
    open_mismatch(
        charge_id=charge.pk,
        location_id=charge.location_id,
        about=taking.reference,
        expected={
            "amount_minor": charge.left_minor,
            "currency": charge.currency,
            "livemode": charge.connection.livemode,
        },
        reported={
            "amount_minor": taking.amount_minor,
            "currency": taking.currency,
            "livemode": taking.livemode,
            "reference": taking.reference,
            "state": str(taking.state),
        },
        at=at,
    )


def book_taking(
    charge: Transaction,
    taking: Taking,
    known: Transaction | None,
    *,
    at: datetime,
    by: User | None = None,
) -> Moved | None:
    """Write down what became of a refund or dispute of a locked charge; None if nothing new.

    What returned stays returned, whatever is reported after it.
    """
    assert transaction.get_connection().in_atomic_block
    has_returned = taking.state is TakingState.RETURNED
    if known is None:
        made = _write(charge, taking, at=at, by=by)
        return _move(charge, made, 0 if has_returned else made.amount_minor, at=at)
    if not has_returned or known.state == Transaction.State.FAILED:
        return None
    known.state, known.returned_at = Transaction.State.FAILED, at
    known.save(update_fields=["state", "returned_at"])
    return _move(charge, known, -known.amount_minor, at=at)


def _write(charge: Transaction, taking: Taking, *, at: datetime, by: User | None) -> Transaction:
    has_returned = taking.state is TakingState.RETURNED
    made: Transaction = Transaction.objects.create(
        location_id=charge.location_id,
        customer_id=charge.customer_id,
        connection=charge.connection,
        kind=taking.kind,
        state=Transaction.State.FAILED if has_returned else Transaction.State.SUCCEEDED,
        amount_minor=taking.amount_minor,
        currency=taking.currency,
        key=uuid5(NAMES, f"{charge.connection_id}:{taking.kind}:{taking.reference}"),
        reference=taking.reference,
        paid_with=charge.paid_with,
        charge=charge,
        returned_at=at if has_returned else None,
        recorded_by=by,
        made_by_id=charge.made_by_id,
        created_at=at,
        settled_at=at,
    )
    return made


def _move(charge: Transaction, taking: Transaction, change_minor: int, *, at: datetime) -> Moved:
    charge.taken_back_minor += change_minor
    charge.taken_back_at = charge.taken_back_at or (at if change_minor else None)
    charge.save(update_fields=["taken_back_minor", "taken_back_at"])
    return Moved(taking, change_minor)


def refunded_in_all(charge: Transaction) -> int:
    """What we know of refunds of a charge, those that came back too; minor units."""
    refunds = charge.takings.filter(kind=Transaction.Kind.REFUND)
    return refunds.aggregate(total=Sum("amount_minor"))["total"] or 0
