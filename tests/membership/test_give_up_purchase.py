from datetime import timedelta
from decimal import Decimal

from credits.models import Wallet
from membership.services.paying import give_up_charge, pay_charge
from payments.gateways.protocol import ChargeState
from payments.models import Card, Transaction
from tests.factories import NOON, pending_purchase
from tests.membership.states import again, state_of

SOON = NOON + timedelta(minutes=2)


def test_an_abandoned_card_form_expires_the_purchase(new_card_purchase, invariants_hold):
    purchase = new_card_purchase()

    give_up_charge(charge=purchase.charge, at=SOON)

    assert state_of(purchase) == ("expired", "failed", "abandoned")
    assert Card.objects.get(pk=again(purchase).charge.card_id).state == Card.State.RELEASED
    invariants_hold()


def test_giving_up_cancels_an_authentication_that_was_not_passed(card_that, fake_gateway):
    purchase = pending_purchase(card=card_that("needs_action"))
    outcome = pay_charge(charge=purchase.charge, at=NOON)

    give_up_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("expired", "failed", "abandoned")
    assert fake_gateway.read_charge(outcome.reference).state is ChargeState.FAILED


def test_giving_up_credits_what_was_paid_in_the_meantime(card_that, fake_gateway, invariants_hold):
    purchase = pending_purchase(card=card_that("needs_action"))
    outcome = pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.finish_action(outcome.reference, ChargeState.SUCCEEDED)

    give_up_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("completed", "succeeded", "")
    assert Wallet.objects.get().balance == Decimal(10)
    invariants_hold()


def test_what_was_sent_and_not_heard_of_is_not_given_up(card_that):
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)

    give_up_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("pending", "pending", "")


def test_what_is_sent_while_it_is_given_up_is_not_over(card_that, monkeypatch):
    """The sweeper read the charge unsent; the buyer paid before it could say so."""
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    unsent = Transaction.objects.select_related("connection").get(pk=purchase.charge_id)
    pay_charge(charge=purchase.charge, at=NOON)

    class Stale:
        def get(self, **_lookup):
            return unsent

    with monkeypatch.context() as patch:
        patch.setattr(Transaction.objects, "select_related", lambda *_names: Stale())
        give_up_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("pending", "pending", "")


def test_a_purchase_that_was_given_up_can_not_be_paid_any_more(purchase, fake_gateway):
    give_up_charge(charge=purchase.charge, at=SOON)

    pay_charge(charge=again(purchase).charge, at=SOON)

    assert fake_gateway.charges == {}
    assert state_of(purchase) == ("expired", "failed", "abandoned")
