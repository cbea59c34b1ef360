"""What follows when the money of a bill's payment goes back: the bill is due again."""

from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from billing.models import Bill, BillPayment, DocumentMail
from billing.services import issue_bill, owe_reminders
from membership.services.auto_paying import bills_to_try, choose_auto_pay
from membership.services.bill_charging import start_bill_charge
from membership.services.bill_credits import credit_bill
from membership.services.bill_payment import mark_bill_paid
from membership.services.events import process_event
from membership.services.paying import pay_charge
from membership.services.purchases import CardOrder
from payments.models import ReviewCase, Transaction
from tests.factories import NOON, RoleFactory
from tests.membership.tab import (
    balance_of,
    buy_by_bill,
    credits_come,
    plan_with_bill,
    received,
    revenue,
)
from tests.membership.takings import event_of, taken

LATER = NOON + timedelta(days=1)


@pytest.fixture
def bill(card):
    """A bill of €72.00, issued."""
    return issue_bill(bill_id=plan_with_bill(card.customer).pk, at=NOON)


@pytest.fixture
def charge(bill, card):
    return pay_by_card(bill, card)


def pay_by_card(bill, card, *, key="018f0000-0000-7000-8000-0000000000a1", at=NOON):
    bill.refresh_from_db()
    charge = start_bill_charge(
        bill_id=bill.pk,
        order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
        seen_minor=bill.to_pay_minor,
        key=key,
        by=card.customer.member.user,
        at=at,
    )
    pay_charge(charge=charge, at=at)
    charge.refresh_from_db()
    return charge


def report(charge, amount_minor, **told):
    event = event_of(charge, taking=taken(charge, amount_minor, **told))
    process_event(event_id=event.pk, at=LATER)


def state_of(bill):
    bill = Bill.objects.get(pk=bill.pk)
    return bill.state, bill.to_pay_minor


def test_a_bill_is_due_again_and_can_be_paid_again(bill, charge, card, invariants_hold):
    earned = revenue(bill.location)

    report(charge, 7200)

    assert state_of(bill) == ("issued", 7200)
    assert revenue(bill.location) == earned, "paying counts nothing, nor does paying back"
    assert DocumentMail.objects.filter(bill=bill, kind="resent", state="owed").count() == 1
    invariants_hold()
    second = pay_by_card(bill, card, key="018f0000-0000-7000-8000-0000000000a2", at=LATER)
    assert (second.state, state_of(bill)) == ("succeeded", ("paid", 0))
    invariants_hold()


def test_of_a_part_that_was_taken_back_that_part_is_due(bill, charge, card, invariants_hold):
    report(charge, 2000)
    assert state_of(bill) == ("issued", 2000)

    second = pay_by_card(bill, card, key="018f0000-0000-7000-8000-0000000000a2", at=LATER)

    assert (second.amount_minor, state_of(bill)) == (2000, ("paid", 0))
    invariants_hold()


def test_reminders_go_on(bill, charge):
    report(charge, 7200)
    bill.refresh_from_db()

    owe_reminders(at=NOON + timedelta(days=bill.location.payment_terms_days + 4))

    assert DocumentMail.objects.get(kind="reminder").bill == bill


def test_a_won_dispute_pays_the_bill_again(bill, charge, invariants_hold):
    report(charge, 7200, kind="dispute")

    report(charge, 7200, kind="dispute", state="returned")

    assert state_of(bill) == ("paid", 0)
    assert [it.amount_minor for it in BillPayment.objects.order_by("pk")] == [7200, -7200, 7200]
    invariants_hold()


def test_money_that_returns_to_a_bill_paid_again_goes_to_review(bill, charge, invariants_hold):
    report(charge, 7200, kind="dispute")
    admin = RoleFactory(location=bill.location).user
    paid_on = localtime(LATER, bill.location.zone).date()
    mark_bill_paid(bill_id=bill.pk, received=received(paid_on=paid_on), by=admin, at=LATER)

    report(charge, 7200, kind="dispute", state="returned")

    assert state_of(bill) == ("paid", -7200)
    case = ReviewCase.objects.get()
    assert (case.charge, case.reason) == (charge, "surplus")
    report(charge, 7200, reference="re_2")
    assert state_of(bill) == ("paid", 0), "paying back what was too much leaves it paid"
    invariants_hold()


def test_what_was_credited_is_not_due_again(bill, charge, invariants_hold):
    admin = RoleFactory(location=bill.location).user
    [item] = bill.items.all()
    wish = {"wanted": {item.pk: 1000}, "reason": "Noise", "waive_spent": False, "key": "1"}
    credit_bill(bill_id=bill.pk, by=admin, at=LATER, **wish)

    report(charge, 1000)
    assert state_of(bill) == ("paid", 0)

    report(charge, 2000, reference="re_2")
    assert state_of(bill) == ("issued", 2000)
    invariants_hold()


def test_crediting_what_is_due_again_leaves_the_bill_paid(bill, charge, invariants_hold):
    report(charge, 1000)
    admin = RoleFactory(location=bill.location).user
    [item] = bill.items.all()

    wish = {"wanted": {item.pk: 1000}, "reason": "Noise", "waive_spent": False, "key": "1"}
    credit_bill(bill_id=bill.pk, by=admin, at=LATER, **wish)

    assert state_of(bill) == ("paid", 0)
    invariants_hold()


def test_the_surplus_that_is_paid_back_leaves_the_bill_as_it_is(bill, charge, invariants_hold):
    before = state_of(bill)
    surplus = Transaction.objects.create(
        **{name: getattr(charge, name) for name in ("location", "customer", "connection", "bill")},
        amount_minor=7200,
        currency="EUR",
        key="018f0000-0000-7000-8000-0000000000a3",
        reference="pi_surplus",
        state="succeeded",
        is_surplus=True,
        made_by=charge.made_by,
        created_at=NOON,
        submitted_at=NOON,
        settled_at=NOON,
    )
    ReviewCase.objects.create(
        location=charge.location, charge=surplus, reason="surplus", noticed_at=NOON
    )

    report(surplus, 7200)

    assert state_of(bill) == before
    invariants_hold()


def test_credits_that_waited_for_the_payment_stay(card, invariants_hold):
    """They are owed on the bill, which is due: taking them as well would take them twice."""
    credits_come(card.location, "when_paid")
    bill = plan_with_bill(card.customer)
    bought = buy_by_bill(card.customer.member)
    bill = issue_bill(bill_id=bill.pk, at=NOON)
    charge = pay_by_card(bill, card)
    assert balance_of(card.customer) == bought.credits

    report(charge, bill.total_minor)

    bought.refresh_from_db()
    assert (bought.state, balance_of(card.customer)) == ("completed", bought.credits)
    assert state_of(bill)[0] == "issued"
    invariants_hold()


def test_auto_pay_does_not_take_again_what_was_given_back(bill, charge, card):
    choose = {"customer": card.customer, "card_id": card.pk, "by": card.customer.member.user}
    choose_auto_pay(at=NOON - timedelta(days=1), **choose)

    report(charge, 7200)

    assert bills_to_try(at=LATER) == []
