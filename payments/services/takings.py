"""Money of a charge that is taken back, and that returns: each refund and dispute once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from community.models import User
from payments.gateways.protocol import Taking, TakingKind, TakingState
from payments.models import ReviewCase, Transaction
from payments.services.reviewing import open_mismatch

NAMES = UUID("6c1f5a0e-2f0b-4f3f-9d0e-5a7f0f6b7c11")


@dataclass(frozen=True)
class Moved:
    """What a report changed: how much more is taken back of its charge; minus for less.

    0 if nothing was, or only what had come beyond what was asked.
    """

    taking: Transaction
    change_minor: int
    has_returned: bool


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
    most = charge.left_minor if taking.state is TakingState.TAKEN else charge.brought_minor
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
            "kind": str(taking.kind),
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
        return _move(charge, made, 0 if has_returned else 1, at=at)
    if not has_returned or known.state == Transaction.State.FAILED:
        return None
    known.state, known.returned_at = Transaction.State.FAILED, at
    known.save(update_fields=["state", "returned_at"])
    return _move(charge, known, -1, at=at)


def _write(charge: Transaction, taking: Taking, *, at: datetime, by: User | None) -> Transaction:
    has_returned = taking.state is TakingState.RETURNED
    extra_left = charge.extra_minor - charge.extra_back_minor
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
        extra_minor=0 if has_returned else min(taking.amount_minor, extra_left),
        returned_at=at if has_returned else None,
        recorded_by=by,
        made_by_id=charge.made_by_id,
        created_at=at,
        settled_at=at,
    )
    return made


def _move(charge: Transaction, taking: Transaction, sign: int, *, at: datetime) -> Moved:
    """Note on the charge what a refund or dispute takes: 1; gives again: -1; or neither: 0."""
    change_minor = sign * (taking.amount_minor - taking.extra_minor)
    charge.taken_back_minor += change_minor
    charge.extra_back_minor += sign * taking.extra_minor
    charge.taken_back_at = charge.taken_back_at or (at if change_minor else None)
    charge.save(update_fields=["taken_back_minor", "extra_back_minor", "taken_back_at"])
    return Moved(taking, change_minor, has_returned=sign < 0)


def refunded_in_all(charge: Transaction) -> int:
    """What was heard of refunds of a charge, in minor units.

    Those that came back count, and those that did not fit: they wait for staff, not for news.
    """
    refunds = charge.takings.filter(kind=Transaction.Kind.REFUND)
    heard = dict(refunds.values_list("reference", "amount_minor"))
    for case in charge.reviews.filter(reason=ReviewCase.Reason.TAKEN_BACK):
        if case.reported.get("kind") != TakingKind.DISPUTE:
            told = case.reported.get("amount_minor", 0)
            heard[case.about] = max(heard.get(case.about, 0), told)
    return sum(heard.values())


def takings_under_review(charge: Transaction) -> list[Taking]:
    """Refunds and disputes that took more than there was when they were reported, oldest first."""
    cases = ReviewCase.objects.open().filter(
        charge=charge,
        reason=ReviewCase.Reason.TAKEN_BACK,
        reported__state=TakingState.TAKEN,
        reported__has_key="kind",
    )
    return [
        Taking(
            kind=TakingKind(case.reported["kind"]),
            reference=case.about,
            state=TakingState.TAKEN,
            charge=charge.reference,
            amount_minor=case.reported["amount_minor"],
            currency=case.reported["currency"],
            livemode=case.reported["livemode"],
        )
        for case in cases.order_by("pk")
    ]
