"""Rivals for one bill: two tabs, the admin's note and the webhook at the same moment."""

from uuid import uuid4

import pytest
from django_scopes import scope

from billing.models import Bill, BillPayment
from billing.services import BillNotToPay, issue_bill
from membership.services.auto_paying import choose_auto_pay, try_bill
from membership.services.bill_charging import start_bill_charge
from membership.services.bill_payment import PaymentUnderWay, mark_bill_paid
from membership.services.paying import pay_charge, refresh_charge
from membership.services.purchases import CardOrder
from payments.gateways.protocol import ChargeState
from payments.models import ReviewCase, Transaction
from tests.factories import (
    NOON,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    LocationFactory,
    UserFactory,
)
from tests.membership.tab import LATER, plan_with_bill, received
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place():
    location = LocationFactory()
    with scope(location=location):
        ConnectionFactory(location=location)
    return location


@pytest.fixture
def card(place, fake_gateway):
    with scope(location=place):
        customer = CustomerFactory(member__location=place)
        card = CardFactory(customer=customer, connection=place.gatewayconnection_set.get())
        plan_with_bill(customer)
        return card


@pytest.fixture
def bill(place, card):
    with scope(location=place):
        return issue_bill(bill_id=Bill.objects.get().pk, at=NOON)


def click(bill, card):
    charge = start_bill_charge(
        bill_id=bill.pk,
        key=uuid4(),
        order=CardOrder(card.connection_id, card.pk),
        seen_minor=bill.to_pay_minor,
        by=card.customer.member.user,
        at=NOON,
    )
    return pay_charge(charge=charge, at=NOON)


def test_ten_clicks_charge_once(place, bill, card, fake_gateway, invariants_hold):
    answers = race(place, [lambda: click(bill, card)] * 10)

    assert {type(error) for error in errors(answers)} <= {BillNotToPay, PaymentUnderWay}
    assert len(fake_gateway.charges) == 1
    with scope(location=place):
        assert BillPayment.objects.get().amount_minor == bill.total_minor
        assert Transaction.objects.get().state == "succeeded"
    invariants_hold()


def test_the_admin_s_note_and_a_card_at_the_same_moment_pay_once(
    place, bill, card, fake_gateway, invariants_hold
):
    admin = UserFactory()

    def note():
        return mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=LATER)

    answers = race(place, [note, lambda: click(bill, card)] * 3)

    assert {type(error) for error in errors(answers)} <= {BillNotToPay, PaymentUnderWay}
    with scope(location=place):
        payment = BillPayment.objects.get()
        charged = Transaction.objects.filter(state="succeeded")
        assert charged.count() == (1 if payment.method == "gateway" else 0)
        assert len(fake_gateway.charges) == charged.count()
        assert not ReviewCase.objects.exists()
    invariants_hold()


def test_page_and_webhook_and_sweeper_settle_once(place, bill, card, fake_gateway, invariants_hold):
    with scope(location=place):
        type(card).objects.filter(pk=card.pk).update(reference="action")
        outcome = click(bill, card)
        charge = Transaction.objects.get()
    fake_gateway.finish_action(outcome.reference, ChargeState.SUCCEEDED)

    answers = race(place, [lambda: refresh_charge(charge=charge, at=LATER)] * 6)

    assert errors(answers) == []
    with scope(location=place):
        assert BillPayment.objects.count() == 1
        assert not ReviewCase.objects.exists()
    invariants_hold()


def test_two_machines_make_one_automatic_try(place, bill, card, fake_gateway, invariants_hold):
    with scope(location=place):
        user = card.customer.member.user
        choose_auto_pay(customer=card.customer, card_id=card.pk, by=user, at=NOON)

    def machine():
        return try_bill(bill_id=bill.pk, key=uuid4(), at=NOON)

    answers = race(place, [machine] * 5)

    assert errors(answers) == []
    assert len([charge for charge in answers if charge]) == 1
    assert len(fake_gateway.charges) == 1
    with scope(location=place):
        assert Bill.objects.get(pk=bill.pk).state == "paid"
    invariants_hold()
