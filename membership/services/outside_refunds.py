"""Refunds made outside a gateway, as an admin notes them: cash, a transfer back."""

from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.money import format_money
from community.services import record_audit
from membership.services.periods import local_day
from membership.services.refund_notices import tell_admins
from membership.services.refunding import follow_money
from payments.gateways.protocol import Taking, TakingKind, TakingState
from payments.models import Transaction
from payments.services.takings import book_taking, find_taking, lock_charge


class NothingToRefund(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Nothing of this payment is left to refund."), code="nothing_to_refund")


class RefundTooLarge(ValidationError):
    def __init__(self, charge: Transaction) -> None:
        words = ValidationError(
            _("At most %(left)s of this payment can still be refunded."),
            code="refund_too_large",
            params={"left": format_money(charge.left_minor, charge.currency)},
        )
        super().__init__({"amount": words})


class RefundNotedAlready(ValidationError):
    def __init__(self) -> None:
        words = _("A refund with this reference is noted already. Nothing was noted again.")
        super().__init__({"reference": ValidationError(words, code="refund_noted_already")})


class RefundDayNotPossible(ValidationError):
    """Money goes back after it came, and not tomorrow."""

    WORDS = {
        "day_to_come": _("This day has not come yet."),
        "day_before_payment": _("The payment had not come yet on that day."),
    }

    def __init__(self, code: str) -> None:
        super().__init__({"refunded_on": ValidationError(self.WORDS[code], code=code)})


@transaction.atomic
def record_outside_refund(
    *,
    charge_id: int,
    amount_minor: int,
    reference: str,
    refunded_on: date,
    by: User,
    at: datetime,
) -> Transaction:
    """Note that money of a payment was given back outside its gateway, once per reference.

    All that follows is as if the gateway had reported it.

    :raises NothingToRefund: if it brought no money, or all of it is taken back
    :raises RefundTooLarge, RefundNotedAlready, RefundDayNotPossible:
    """
    assert amount_minor > 0
    assert reference
    charge = lock_charge(charge_id)
    if charge.state != Transaction.State.SUCCEEDED:
        raise NothingToRefund
    refund = _as_told(charge, amount_minor, reference)
    if find_taking(charge, refund):
        raise RefundNotedAlready
    if not charge.left_minor:
        raise NothingToRefund
    if amount_minor > charge.left_minor:
        raise RefundTooLarge(charge)
    _refuse_day(charge, refunded_on, at)
    moved = book_taking(charge, refund, None, at=at, by=by)
    assert moved
    happened_at = _moment(charge.location, refunded_on, at)
    follow_money(charge, moved, by=by, at=at, happened_at=happened_at)
    tell_admins(charge, refund, at=at)
    _audit(moved.taking, refunded_on, by=by, at=at)
    return moved.taking


def _as_told(charge: Transaction, amount_minor: int, reference: str) -> Taking:
    return Taking(
        kind=TakingKind.REFUND,
        reference=reference,
        state=TakingState.TAKEN,
        charge=charge.reference,
        amount_minor=amount_minor,
        currency=charge.currency,
        livemode=charge.connection.livemode,
    )


def _refuse_day(charge: Transaction, refunded_on: date, at: datetime) -> None:
    assert charge.settled_at
    if refunded_on > local_day(charge.location, at):
        raise RefundDayNotPossible("day_to_come")
    if refunded_on < (charge.received_on or local_day(charge.location, charge.settled_at)):
        raise RefundDayNotPossible("day_before_payment")


def _moment(location: Location, day: date, at: datetime) -> datetime:
    """When it happened: its month is the one in which revenue is subtracted."""
    if day == local_day(location, at):
        return at
    return datetime.combine(day, time(12), location.zone)


def _audit(refund: Transaction, refunded_on: date, *, by: User, at: datetime) -> None:
    record_audit(
        location=refund.location,
        by=by,
        action="refund recorded",
        subject=f"transaction {refund.charge_id}",
        after={
            "amount_minor": refund.amount_minor,
            "reference": refund.reference,
            "refunded_on": str(refunded_on),
        },
        at=at,
    )
