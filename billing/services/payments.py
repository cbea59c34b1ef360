"""A bill is paid once, whoever says so and however often."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.models import Bill, BillPayment
from billing.services.bills import lock_bill
from community.models import User


class BillNotToPay(ValidationError):
    """Not issued yet, paid already or void: nothing is to be paid of it."""

    def __init__(self, bill: Bill) -> None:
        words = {
            Bill.State.ACTIVE: _("This bill isn't issued yet, so it can't be paid."),
            Bill.State.PAID: _("This bill is paid already. Nothing was noted a second time."),
            Bill.State.VOID: _("This bill is void, so there is nothing to pay."),
        }
        super().__init__(words[Bill.State(bill.state)], code=f"bill_{bill.state}")


class PaidInTheFuture(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(_("Choose today or an earlier day."), code="paid_in_the_future")
        super().__init__({"paid_on": words})


@dataclass(frozen=True)
class Received:
    """How money for a bill came; at a gateway, the reference is what was charged."""

    method: BillPayment.Method
    reference: str
    paid_on: date


def refuse_unless_issued(bill: Bill) -> None:
    """:raises BillNotToPay: if it isn't issued, or not any more"""
    if bill.state != Bill.State.ISSUED:
        raise BillNotToPay(bill)


@transaction.atomic
def record_bill_payment(*, bill_id: int, received: Received, by: User, at: datetime) -> BillPayment:
    """Note that all of an issued bill was paid, once.

    :raises BillNotToPay: if it isn't issued, or not any more
    :raises PaidInTheFuture: if its day has not come
    """
    bill = lock_bill(bill_id)
    refuse_unless_issued(bill)
    if received.paid_on > at.astimezone(bill.location.zone).date():
        raise PaidInTheFuture
    payment: BillPayment = BillPayment.objects.create(
        location=bill.location,
        bill=bill,
        position=bill.payments.count() + 1,
        method=received.method,
        reference=received.reference,
        paid_on=received.paid_on,
        amount_minor=bill.to_pay_minor,
        currency=bill.currency,
        recorded_by=by,
        recorded_at=at,
    )
    bill.state = Bill.State.PAID
    bill.paid_minor += payment.amount_minor
    bill.save(update_fields=["state", "paid_minor"])
    return payment


def move_bill_payment(
    *, bill: Bill, amount_minor: int, reference: str, on: date, by: User | None, at: datetime
) -> bool:
    """Note money of a locked bill that is taken back (below 0), or returns: it is due, or paid.

    False if what returned is more than was to be paid of it.
    """
    assert transaction.get_connection().in_atomic_block
    is_needed = amount_minor <= bill.to_pay_minor and bill.state == Bill.State.ISSUED
    BillPayment.objects.create(
        location=bill.location,
        bill=bill,
        position=bill.payments.count() + 1,
        method=BillPayment.Method.GATEWAY,
        reference=reference[:100],
        paid_on=on,
        amount_minor=amount_minor,
        currency=bill.currency,
        recorded_by=by,
        recorded_at=at,
    )
    bill.paid_minor += amount_minor
    if bill.state in {Bill.State.ISSUED, Bill.State.PAID}:
        bill.state = Bill.State.ISSUED if bill.to_pay_minor > 0 else Bill.State.PAID
    bill.save(update_fields=["state", "paid_minor"])
    return amount_minor < 0 or is_needed
