"""Paying a bill: the money is noted, and what waited for it gets its credits."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.models import Bill, BillPayment, DocumentMail
from billing.services import (
    Received,
    lock_bill,
    owe_mail,
    record_bill_payment,
    refuse_unless_issued,
)
from community.models import User
from community.services import record_audit
from community.services.people import payers_of
from membership.models import Purchase
from membership.services.crediting import Bought, credit_purchase
from membership.services.periods import local_day
from notifications.models import Notification
from notifications.services import notify
from payments.models import Card, ReviewCase, Transaction
from payments.services.reviewing import open_review

# What only the payer can mend: trying again would ask their bank the same in vain.
NEEDS_THE_PAYER = "authentication_required"


class PaymentUnderWay(ValidationError):
    """A charge of the bill was sent: until its outcome is known, nothing else may pay it."""

    def __init__(self) -> None:
        super().__init__(
            _("A card payment of this bill is under way. Look again once it is settled."),
            code="payment_under_way",
        )


@dataclass(frozen=True)
class BillCharge:
    """A charge of a bill, under its lock, in the words in which charges are settled."""

    charge: Transaction

    @property
    def transaction_id(self) -> int:
        return self.charge.pk

    @property
    def transaction_state(self) -> str:
        return self.charge.state

    @property
    def is_settled(self) -> bool:
        return self.charge.state == Transaction.State.SUCCEEDED

    @property
    def reference(self) -> str:
        return self.charge.reference

    @property
    def amount_minor(self) -> int:
        return self.charge.amount_minor

    @property
    def currency(self) -> str:
        return self.charge.currency

    @property
    def livemode(self) -> bool:
        return self.charge.connection.livemode

    @property
    def card_id(self) -> int | None:
        return self.charge.card_id

    @property
    def location_id(self) -> int:
        return self.charge.location_id

    @property
    def customer_id(self) -> int:
        return self.charge.customer_id

    @property
    def made_by_id(self) -> int:
        return self.charge.made_by_id

    @property
    def is_automatic(self) -> bool:
        return self.charge.automatic_try is not None

    @property
    def card_is_new(self) -> bool:
        return bool(self.charge.card and self.charge.card.state == Card.State.ENTERED)

    @property
    def keep_card(self) -> bool:
        """Not for who has no page any more where it could be removed."""
        return self.charge.keep_card and self.charge.customer.keeps_cards


def lock_bill_charge(transaction_id: int, location_id: int) -> BillCharge:
    """Lock a charge, first of all that paying a bill locks."""
    charge = (
        Transaction.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection", "card", "location", "customer__member", "customer__company")
        .get(pk=transaction_id, location=location_id, bill__isnull=False)
    )
    return BillCharge(charge)


@transaction.atomic
def mark_bill_paid(*, bill_id: int, received: Received, by: User, at: datetime) -> BillPayment:
    """Note that a bill was paid in full, once, and complete the purchases that awaited it.

    :raises BillNotToPay: if it isn't issued, or not any more
    :raises PaidInTheFuture: if the day of the payment has not come
    :raises PaymentUnderWay: if a gateway has been asked for the money and has not answered
    """
    # Read before the locks: an issued bill takes no more purchases, so none can be missed.
    refuse_unless_issued(Bill.objects.get(pk=bill_id))
    waiting = _lock_waiting(bill_id)
    refuse_while_charged(lock_bill(bill_id))
    payment = _pay(bill_id, waiting, received, by=by, at=at)
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
    _tell_paid(payment, at=at)
    return payment


def pay_bill_by_charge(charge: Transaction, *, at: datetime) -> None:
    """Have a locked charge that succeeded pay its bill; if it can't any more, it is a surplus.

    A bill that was paid or credited in the meantime takes no money: staff look at what came.
    """
    assert charge.bill_id
    waiting = _lock_waiting(charge.bill_id)
    bill = lock_bill(charge.bill_id)
    if bill.state != Bill.State.ISSUED or bill.to_pay_minor != charge.amount_minor:
        Transaction.objects.filter(pk=charge.pk).update(is_surplus=True)
        open_review(charge=charge, reason=ReviewCase.Reason.SURPLUS, at=at)
        return
    received = Received(
        method=BillPayment.Method.GATEWAY,
        reference=charge.paid_with,
        paid_on=local_day(charge.location, at),
    )
    _pay(bill.pk, waiting, received, by=charge.made_by, at=at)


def _tell_paid(payment: BillPayment, *, at: datetime) -> None:
    """Tell who pays that their money came: somebody else says so, and no page of theirs did."""
    bill = payment.bill
    notify(
        location=bill.location,
        user_ids=payers_of(bill.customer),
        kind=Notification.Kind.BILL_PAID,
        facts={
            "bill": bill.pk,
            "number": bill.number,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "paid_on": str(payment.paid_on),
            "company": bill.customer.company_name,
        },
        key=f"bill paid:{payment.pk}",
        at=at,
    )


def tell_failed_try(charge: Transaction, *, at: datetime) -> None:
    """Leave a mail of a bill that did not pay itself, in the transaction that learns of it."""
    if charge.automatic_try is not None and charge.bill:
        owe_mail(charge.bill, at=at, kind=DocumentMail.Kind.UNPAID)
        _tell_payers(charge, charge.bill, at=at)


def _tell_payers(charge: Transaction, bill: Bill, *, at: datetime) -> None:
    notify(
        location=charge.location,
        user_ids=payers_of(bill.customer),
        kind=Notification.Kind.PAYMENT_FAILED,
        facts={
            "bill": bill.pk,
            "number": bill.number,
            "amount_minor": charge.amount_minor,
            "currency": charge.currency,
            "needs_you": charge.failure_code == NEEDS_THE_PAYER,
            "company_id": bill.customer.company_id,
        },
        key=f"payment failed:{charge.pk}",
        at=at,
    )


def refuse_while_charged(bill: Bill) -> None:
    """Keep what a locked bill comes to while a gateway is asked for it.

    :raises PaymentUnderWay:
    """
    if Transaction.objects.filter(
        bill=bill, state=Transaction.State.PENDING, submitted_at__isnull=False
    ).exists():
        raise PaymentUnderWay


def _pay(
    bill_id: int, waiting: list[Purchase], received: Received, *, by: User, at: datetime
) -> BillPayment:
    payment = record_bill_payment(bill_id=bill_id, received=received, by=by, at=at)
    for purchase in waiting:
        _complete(purchase, at=at)
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
