"""Crediting a bill: the note, the credits that go back, and the revenue that is taken off."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill, CreditNote
from billing.services import CreditLine, credit_lines, issue_credit_note, lock_bill
from community.models import User
from community.services import record_audit
from membership.services.bill_payment import refuse_while_charged
from membership.services.taking_back import lock_purchases_of, take_back


@transaction.atomic
def credit_bill(
    *,
    bill_id: int,
    wanted: Mapping[int, int],
    reason: str,
    waive_spent: bool,
    key: str,
    by: User,
    at: datetime,
) -> CreditNote:
    """Credit items of an issued bill, whole or in part, once per key.

    Unspent credits go back in proportion to what was credited of their item in all.

    :param wanted: totals to credit in minor units, by the id of the item
    :param waive_spent: credit also what was spent
    :raises BillNotToCredit, NothingToCredit, MoreThanIsLeft: as `credit_lines` says
    :raises CreditsAreSpent, CreditWhole: as `take_back` says
    :raises PaymentUnderWay: if a gateway has been asked for the money and has not answered
    """
    chosen = [item_id for item_id, total in wanted.items() if total]
    purchases = lock_purchases_of(chosen)
    bill = lock_bill(bill_id)
    if made := CreditNote.objects.filter(key=key, bill=bill).first():
        return made
    refuse_while_charged(bill)
    lines = credit_lines(bill, wanted)
    for line in lines:
        if purchase := purchases.get(line.item.pk):
            take_back(
                purchase,
                part=line.credited_minor,
                waive_spent=waive_spent,
                reason=reason,
                key=f"credit-note:{key}",
                by=by,
                at=at,
            )
    note = issue_credit_note(bill=bill, lines=lines, reason=reason, key=key, by=by, at=at)
    for line in lines:
        _take_revenue_off(note, line, at=at)
    _audit(note, bill, waive_spent=waive_spent, by=by, at=at)
    return note


def _take_revenue_off(note: CreditNote, line: CreditLine, *, at: datetime) -> None:
    record_revenue(
        location=note.location,
        source=Source(line.item.source),
        method="bill",
        label=line.item.description[:100],
        net_minor=-line.amount.net_minor,
        key=f"credit-note:{note.pk}:{line.item.pk}",
        at=at,
    )


def _audit(note: CreditNote, bill: Bill, *, waive_spent: bool, by: User, at: datetime) -> None:
    record_audit(
        location=note.location,
        by=by,
        action="bill credited",
        subject=f"bill {bill.pk}",
        reason=note.reason,
        after={
            "credit_note": note.number,
            "total_minor": note.total_minor,
            "waive_spent": waive_spent,
        },
        at=at,
    )
