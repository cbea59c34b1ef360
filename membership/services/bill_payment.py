"""Paying a bill: the money is noted, and what waited for it gets its credits."""

from datetime import datetime

from django.db import transaction

from billing.models import Bill, BillPayment
from billing.services import Received, record_bill_payment, refuse_unless_issued
from community.models import User
from community.services import record_audit
from membership.models import Purchase
from membership.services.crediting import Bought, credit_purchase


@transaction.atomic
def mark_bill_paid(*, bill_id: int, received: Received, by: User, at: datetime) -> BillPayment:
    """Note that a bill was paid in full, once, and complete the purchases that awaited it.

    :raises BillNotToPay: if it isn't issued, or not any more
    :raises PaidInTheFuture: if the day of the payment has not come
    """
    # Read before the locks: an issued bill takes no more purchases, so none can be missed.
    refuse_unless_issued(Bill.objects.get(pk=bill_id))
    waiting = _lock_waiting(bill_id)
    payment = record_bill_payment(bill_id=bill_id, received=received, by=by, at=at)
    for purchase in waiting:
        _complete(purchase, at=at)
    record_audit(
        location=payment.bill.location,
        by=by,
        action="bill paid",
        subject=f"bill {bill_id}",
        after={
            "method": received.method,
            "reference": received.reference,
            "paid_on": str(received.paid_on),
            "amount_minor": payment.amount_minor,
        },
        at=at,
    )
    return payment


def _lock_waiting(bill_id: int) -> list[Purchase]:
    """Lock the purchases of a bill, at their place: before the bill and any wallet."""
    return list(
        Purchase.objects.filter(bill_item__bill_id=bill_id, state=Purchase.State.AWAITING_PAYMENT)
        .select_for_update(no_key=True, of=("self",))
        .select_related("location", "customer__company", "bought_by")
        .order_by("pk")
    )


def _complete(purchase: Purchase, *, at: datetime) -> None:
    company = purchase.customer.company
    bought = Bought(
        purchase_id=purchase.pk,
        key=purchase.key,
        customer_id=purchase.customer_id,
        company_id=company.pk if company else None,
        company_name=company.name if company else "",
        credits=purchase.credits,
        expiry_months=purchase.expiry_months,
        net_minor=purchase.net_minor,
        made_by_id=purchase.bought_by.user_id,
    )
    booked = credit_purchase(bought, location=purchase.location, at=at)
    purchase.state = Purchase.State.COMPLETED
    purchase.accrual_id = booked.entry_id
    purchase.completed_at = at
    purchase.save(update_fields=["state", "accrual", "completed_at"])
