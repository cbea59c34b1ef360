"""Somebody deletes a customer in the gateway's dashboard: with them go their cards there."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django_scopes import scope

from membership.services.auto_paying import choose_auto_pay
from membership.services.paying import RESEND_WITHIN, pay_charge, refresh_charge
from payments.gateways.protocol import CustomerGone, GatewayUnavailable
from payments.models import AutoPay, Card, GatewayCustomer
from payments.services.customers import gateway_customer, open_customer_setup
from tests.factories import NOON, CardFactory, pending_purchase
from tests.membership.shop import address, words
from tests.membership.states import again, state_of
from tests.racing import errors, race


def setup(card):
    """Let a new card be entered for the owner of this one."""
    return open_customer_setup(
        connection=card.connection, customer=card.customer, key=f"setup-{uuid4()}"
    )


def known_as(card):
    return gateway_customer(card.connection, card.customer)


@pytest.fixture
def deleted(card, fake_gateway):
    """The reference that the owner of the card had."""
    reference = known_as(card)
    fake_gateway.delete_customer(reference)
    return reference


def test_a_new_card_is_entered_by_a_customer_made_anew(
    card, deleted, new_card_purchase, fake_gateway, invariants_hold
):
    choose_auto_pay(customer=card.customer, card_id=card.pk, by=card.customer.member.user, at=NOON)
    elsewhere = CardFactory(customer=card.customer, connection__gateway="harbour_pay")

    purchase = new_card_purchase(keep=True)
    pay_charge(charge=purchase.charge, at=NOON)

    assert again(purchase).state == "completed"
    assert known_as(card) != deleted
    assert set(Card.objects.kept()) == {again(purchase).charge.card, elsewhere}
    assert not AutoPay.objects.exists()
    invariants_hold()


def test_who_is_deleted_again_is_made_again(card, fake_gateway):
    names = set()
    for _time in range(3):
        setup(card)
        names.add(known_as(card))
        fake_gateway.delete_customer(known_as(card))

    assert len(names) == 3


def test_a_kept_card_that_is_gone_is_offered_no_more_and_the_payer_told(
    card, deleted, fake_gateway, signed_in, invariants_hold
):
    purchase = pending_purchase(card=card)

    pay_charge(charge=purchase.charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", "customer_gone")
    assert not Card.objects.kept().exists()
    page = address(card.location, "checkout", purchase.option_id)
    shown = words(signed_in(card.customer.member.user).get(page, {"declined": str(purchase.key)}))
    assert "Nothing was paid: the payment service has no saved cards any more" in shown
    invariants_hold()


def test_a_charge_that_may_be_made_is_asked_about_as_it_was_sent(
    card, fake_gateway, invariants_hold
):
    """Sent anew for another customer it would be refused, and called failed though it was paid."""
    purchase = pending_purchase(card=card)

    def lost():
        raise GatewayUnavailable("the answer was lost")

    fake_gateway.on_charge = lost
    pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.on_charge = lambda: None
    reference = known_as(card)
    fake_gateway.delete_customer(reference)

    with pytest.raises(CustomerGone):
        setup(card)
    assert known_as(card) == reference
    refresh_charge(charge=again(purchase).charge, at=NOON + timedelta(minutes=2))

    assert again(purchase).state == "completed"
    setup(card)
    assert known_as(card) != reference
    invariants_hold()


@pytest.mark.parametrize(("was_made", "state"), [(True, "completed"), (False, "failed")])
def test_a_charge_of_long_ago_is_found_without_its_customer(
    card, fake_gateway, was_made, state, invariants_hold
):
    purchase = pending_purchase(card=card)
    sent = fake_gateway.charge

    def lost(request):
        if was_made:
            sent(request)
        raise GatewayUnavailable("no answer")

    fake_gateway.charge = lost
    pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.delete_customer(known_as(card))

    refresh_charge(charge=again(purchase).charge, at=NOON + RESEND_WITHIN)
    if not was_made:
        assert again(purchase).state == "pending"
    refresh_charge(charge=again(purchase).charge, at=NOON + timedelta(hours=25))

    assert again(purchase).state == state
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_racing_buyers_are_one_customer_made_anew(fake_gateway):
    card = CardFactory()
    with scope(location=card.location):
        first = known_as(card)
    fake_gateway.delete_customer(first)

    answers = race(card.location, [partial(setup, card)] * 5)

    assert errors(answers) == []
    assert GatewayCustomer._base_manager.get().reference != first
    assert len({it.reference.rpartition("-")[2] for it in answers}) == 1
