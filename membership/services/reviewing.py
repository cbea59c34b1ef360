"""What staff decide about money that is not what was asked for: take it, or end the payment."""

from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import User
from membership.services.settlement import (
    FAILED_BY_STAFF,
    Settled,
    never_charged,
    settle_transaction,
)
from payments.gateways.protocol import ChargeOutcome, ChargeState
from payments.models import ReviewCase, Transaction
from payments.services.connecting import gateway_of
from payments.services.reviewing import close_review


class MoneyNotThere(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _(
                "The payment service reports no payment that covers this in the same currency and"
                " account. Nothing was changed."
            ),
            code="money_not_there",
        )


class PaidAlready(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This was paid by another payment. Pay this one back, then note it."),
            code="paid_already",
        )


def settle_review(*, case_id: int, note: str, by: User, at: datetime) -> None:
    """Take the money of a mismatch for what was asked: everything follows as if it had matched.

    Only what the gateway says now counts. Calls it: never inside a transaction.

    :raises MoneyNotThere: if it has not succeeded, or is less, or in another currency or mode
    :raises PaidAlready: if what was asked is paid
    :raises ReviewClosed, NoteMissing:
    :raises GatewayRefused, GatewayUnavailable: nothing was changed
    """
    case = _mismatch(case_id)
    outcome = gateway_of(case.charge.connection).read_charge(case.reported["reference"])
    if not _covers(case, outcome):
        raise MoneyNotThere
    _settle(case, outcome, note=note, by=by, at=at)


@transaction.atomic
def _settle(case: ReviewCase, outcome: ChargeOutcome, *, note: str, by: User, at: datetime) -> None:
    charge = _locked(case)
    if charge.state == Transaction.State.SUCCEEDED:
        raise PaidAlready
    charge.reference = outcome.reference
    charge.extra_minor = outcome.amount_minor - charge.amount_minor
    charge.save(update_fields=["reference", "extra_minor"])
    settled = settle_transaction(
        transaction_id=charge.pk,
        location_id=case.location_id,
        outcome=replace(outcome, amount_minor=charge.amount_minor),
        at=at,
    )
    assert settled is Settled.COMPLETED
    close_review(case_id=case.pk, note=note, by=by, at=at, action="review settled")


@transaction.atomic
def fail_review(*, case_id: int, note: str, by: User, at: datetime) -> None:
    """End the payment of a mismatch as failed; what was paid is for the admin to pay back.

    :raises PaidAlready: if what was asked is paid
    :raises ReviewClosed, NoteMissing:
    """
    case = _mismatch(case_id)
    charge = _locked(case)
    if charge.state == Transaction.State.SUCCEEDED:
        raise PaidAlready
    settle_transaction(
        transaction_id=charge.pk,
        location_id=case.location_id,
        outcome=never_charged(charge, FAILED_BY_STAFF),
        at=at,
    )
    close_review(case_id=case.pk, note=note, by=by, at=at, action="review failed")


def _mismatch(case_id: int) -> ReviewCase:
    case: ReviewCase = ReviewCase.objects.select_related("charge__connection").get(
        pk=case_id, reason=ReviewCase.Reason.MISMATCH
    )
    return case


def _locked(case: ReviewCase) -> Transaction:
    """Lock the charge before the case: whoever settles it may open one."""
    charge: Transaction = (
        Transaction.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection")
        .get(pk=case.charge_id)
    )
    return charge


def _covers(case: ReviewCase, outcome: ChargeOutcome) -> bool:
    charge = case.charge
    return (
        outcome.state is ChargeState.SUCCEEDED
        and outcome.key == str(charge.key)
        and outcome.amount_minor >= charge.amount_minor
        and outcome.currency == charge.currency
        and outcome.livemode == charge.connection.livemode
    )
