"""Bills that are paid outside the gateways, as an admin notes it down."""

from datetime import timedelta

import pytest

from billing.models import Bill, BillPayment
from billing.services import issue_bill
from billing.services.payments import BillNotToPay, PaidInTheFuture
from community.models import AuditRecord
from membership.models import Purchase
from membership.services.bill_credits import credit_bill
from membership.services.bill_payment import mark_bill_paid
from notifications.models import Notification
from tests.factories import NOON
from tests.membership.tab import (
    LATER,
    balance_of,
    buy_by_bill,
    credits_come,
    plan_with_bill,
    received,
    revenue,
)
from tests.racing import errors, race


@pytest.fixture
def bill(location, mia):
    """An issued bill with a fee and a purchase whose credits came at once."""
    bill = plan_with_bill(mia.customer)
    buy_by_bill(mia)
    return issue_bill(bill_id=bill.pk, at=NOON)


def pay(bill, admin, **facts):
    return mark_bill_paid(bill_id=bill.pk, received=received(**facts), by=admin, at=LATER)


def test_a_payment_says_how_and_when(bill, admin, location, invariants_hold):
    before = revenue(location)

    payment = pay(bill, admin)

    bill.refresh_from_db()
    assert bill.state == "paid"
    assert (payment.method, payment.reference, payment.amount_minor) == ("cash", "Till 4", 8400)
    assert payment.recorded_by == admin
    assert AuditRecord.objects.get(action="bill paid").after["amount_minor"] == 8400
    assert revenue(location) == before
    invariants_hold()


def test_only_an_issued_bill_is_paid(location, mia, admin):
    active = plan_with_bill(mia.customer)

    with pytest.raises(BillNotToPay, match="isn't issued"):
        pay(active, admin)

    assert not BillPayment.objects.filter(bill=active).exists()


def test_a_bill_is_not_paid_twice(bill, admin):
    pay(bill, admin)

    with pytest.raises(BillNotToPay, match="paid already"):
        pay(bill, admin)

    assert BillPayment.objects.filter(bill=bill).count() == 1


def test_a_day_to_come_is_refused(bill, admin):
    with pytest.raises(PaidInTheFuture):
        pay(bill, admin, paid_on=LATER.date() + timedelta(days=1))

    bill.refresh_from_db()
    assert bill.state == "issued"


def test_what_was_credited_is_not_paid(bill, admin, invariants_hold):
    fee = bill.items.get(source="plans")
    credit_bill(
        bill_id=bill.pk,
        wanted={fee.pk: 1000},
        reason="Late start",
        waive_spent=False,
        key="1",
        by=admin,
        at=LATER,
    )

    assert pay(bill, admin).amount_minor == 7400
    invariants_hold()


def test_credits_that_waited_come_with_the_payment(location, mia, admin, invariants_hold):
    credits_come(location, "when_paid")
    bill = plan_with_bill(mia.customer)
    purchase = buy_by_bill(mia)
    issue_bill(bill_id=bill.pk, at=NOON)
    before = balance_of(mia.customer)

    pay(bill, admin)

    purchase.refresh_from_db()
    assert (before, balance_of(mia.customer)) == (0, 10)
    assert (purchase.state, purchase.completed_at) == ("completed", LATER)
    assert Notification.objects.filter(user=mia.user, kind="credits_added").count() == 1
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_mark_one_bill_paid_note_it_once(location, mia, admin, invariants_hold):
    credits_come(location, "when_paid")
    bill = plan_with_bill(mia.customer)
    for _ in range(2):
        buy_by_bill(mia)
    issue_bill(bill_id=bill.pk, at=NOON)

    answers = race(location, [lambda: pay(bill, admin)] * 4)

    assert [type(it) for it in errors(answers)] == [BillNotToPay] * 3
    assert BillPayment.objects.count() == 1
    assert balance_of(mia.customer) == 20
    assert set(Purchase.objects.values_list("state", flat=True)) == {"completed"}
    assert Bill.objects.get(pk=bill.pk).state == "paid"
    invariants_hold()
