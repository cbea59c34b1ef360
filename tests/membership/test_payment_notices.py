"""Who left the page before the gateway said no, or asked something, hears of it."""

from datetime import timedelta

from membership.services.paying import ask_about_charge, give_up_charge, pay_charge
from notifications.models import Notification
from payments.gateways.protocol import ChargeState
from tests.factories import NOON, pending_purchase
from tests.membership.states import again, state_of

AT_ONCE = NOON + timedelta(minutes=1)
LATER = NOON + timedelta(minutes=5)


def confirmed_nowhere(card_that):
    purchase = pending_purchase(card=card_that("needs_action"))
    pay_charge(charge=purchase.charge, at=NOON)
    return again(purchase)


def told():
    return [(it.user_id, it.facts["needs_you"]) for it in Notification.objects.order_by("pk")]


def test_a_no_that_comes_late_is_told_to_the_buyer(card_that, fake_gateway):
    purchase = confirmed_nowhere(card_that)
    fake_gateway.finish_action(purchase.charge.reference, ChargeState.FAILED)

    ask_about_charge(charge_id=purchase.charge_id, at=LATER)
    ask_about_charge(charge_id=purchase.charge_id, at=LATER)

    assert state_of(purchase)[0] == "failed"
    assert told() == [(purchase.charge.made_by_id, False)]


def test_a_no_on_the_page_is_not_told_again(card_that, fake_gateway):
    purchase = confirmed_nowhere(card_that)
    fake_gateway.finish_action(purchase.charge.reference, ChargeState.FAILED)

    ask_about_charge(charge_id=purchase.charge_id, at=AT_ONCE)

    assert state_of(purchase)[0] == "failed"
    assert told() == []


def test_what_the_bank_wants_confirmed_is_told_once_and_its_end_too(card_that):
    purchase = confirmed_nowhere(card_that)
    buyer = purchase.charge.made_by_id

    ask_about_charge(charge_id=purchase.charge_id, at=AT_ONCE)
    assert told() == []
    ask_about_charge(charge_id=purchase.charge_id, at=LATER)
    ask_about_charge(charge_id=purchase.charge_id, at=LATER)
    assert told() == [(buyer, True)]

    ask_about_charge(charge_id=purchase.charge_id, at=LATER + timedelta(hours=1))
    assert state_of(purchase)[0] == "expired"
    assert told() == [(buyer, True), (buyer, False)]


def test_of_a_card_that_was_never_entered_nobody_is_told(new_card_purchase):
    purchase = new_card_purchase()

    give_up_charge(charge=purchase.charge, at=LATER)

    assert state_of(purchase)[0] == "expired"
    assert told() == []
