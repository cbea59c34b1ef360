from datetime import timedelta

import pytest

from credits.models import Wallet
from membership.services.paying import (
    LISTED_AFTER,
    RESEND_WITHIN,
    pay_charge,
    refresh_charge,
)
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import quote_option
from payments.gateways.fake import FakeGateway
from payments.gateways.protocol import ChargeState, GatewayUnavailable
from payments.models import Card
from tests.factories import NOON, CardFactory, CustomerFactory, OptionFactory, pending_purchase
from tests.membership.states import again, state_of

SOON = NOON + timedelta(minutes=2)


def test_a_kept_card_is_charged_with_the_frozen_amount(purchase, fake_gateway, invariants_hold):
    outcome = pay_charge(charge=purchase.charge, at=NOON)

    charge = fake_gateway.charges[str(purchase.key)]
    assert outcome == charge
    assert (charge.amount_minor, charge.currency) == (purchase.total_minor, "EUR")
    assert state_of(purchase) == ("completed", "succeeded", "")
    invariants_hold()


def test_a_purchase_that_is_paid_is_not_charged_again(purchase, fake_gateway, invariants_hold):
    pay_charge(charge=purchase.charge, at=NOON)

    pay_charge(charge=purchase.charge, at=SOON)

    assert len(fake_gateway.charges) == 1
    assert Wallet.objects.get().balance == 10
    invariants_hold()


def test_a_declined_attempt_stays_declined(card_that, fake_gateway, invariants_hold):
    purchase = pending_purchase(card=card_that("is_declined"))

    first = pay_charge(charge=purchase.charge, at=NOON)
    pay_charge(charge=again(purchase).charge, at=SOON)

    assert first.state is ChargeState.FAILED
    assert state_of(purchase) == ("failed", "failed", "insufficient_funds")
    assert Wallet.objects.count() == 0
    invariants_hold()


def test_a_refused_request_is_a_failed_attempt(card_that):
    purchase = pending_purchase(card=card_that("is_refused"))

    pay_charge(charge=purchase.charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", "refused:parameter_invalid")


def test_three_d_secure_leaves_the_purchase_pending_until_it_is_passed(
    card_that, fake_gateway, invariants_hold
):
    purchase = pending_purchase(card=card_that("needs_action"))

    outcome = pay_charge(charge=purchase.charge, at=NOON)
    assert (outcome.state, state_of(purchase)) == (ChargeState.ACTION, ("pending", "pending", ""))
    fake_gateway.finish_action(outcome.reference, ChargeState.SUCCEEDED)
    refresh_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("completed", "succeeded", "")
    invariants_hold()


def test_three_d_secure_failed_is_a_failed_attempt(card_that, fake_gateway):
    purchase = pending_purchase(card=card_that("needs_action"))
    outcome = pay_charge(charge=purchase.charge, at=NOON)

    fake_gateway.finish_action(outcome.reference, ChargeState.FAILED, "authentication_failed")
    refresh_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("failed", "failed", "authentication_failed")


def test_a_lost_answer_is_unknown_and_never_failed(card_that, fake_gateway):
    purchase = pending_purchase(card=card_that("loses_the_answer"))

    assert pay_charge(charge=purchase.charge, at=NOON) is None

    assert state_of(purchase) == ("pending", "pending", "")
    assert len(fake_gateway.charges) == 1, "and the money has moved"


def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    card_that, fake_gateway, invariants_hold
):
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)
    gateway_is_back(purchase)

    refresh_charge(charge=again(purchase).charge, at=SOON)

    assert state_of(purchase) == ("completed", "succeeded", "")
    assert len(fake_gateway.charges) == 1
    invariants_hold()


def test_a_charge_is_looked_up_when_the_gateway_may_have_forgotten_its_key(
    card_that, fake_gateway, monkeypatch, invariants_hold
):
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)
    gateway_is_back(purchase)
    monkeypatch.setattr(FakeGateway, "charge", never_again)

    refresh_charge(charge=again(purchase).charge, at=NOON + RESEND_WITHIN)

    assert len(fake_gateway.charges) == 1
    assert state_of(purchase) == ("completed", "succeeded", "")
    invariants_hold()


def test_a_charge_that_the_gateway_does_not_know_a_day_later_never_arrived(
    card_that, fake_gateway, monkeypatch, invariants_hold
):
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)
    monkeypatch.setattr(FakeGateway, "charge", never_again)
    fake_gateway.charges.clear()

    refresh_charge(charge=again(purchase).charge, at=NOON + RESEND_WITHIN)
    assert state_of(purchase) == ("pending", "pending", ""), "it may yet be listed"
    refresh_charge(charge=again(purchase).charge, at=NOON + LISTED_AFTER)

    assert state_of(purchase) == ("failed", "failed", "never_arrived")
    invariants_hold()


def test_a_gateway_that_is_silent_a_day_later_fails_nothing(card_that, monkeypatch):
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)

    def silence(*_, **__):
        raise GatewayUnavailable

    monkeypatch.setattr(FakeGateway, "find_charge", silence)
    refresh_charge(charge=again(purchase).charge, at=NOON + LISTED_AFTER)

    assert state_of(purchase) == ("pending", "pending", "")


def never_again(*_):
    raise AssertionError("a resend might be a second charge")


def test_a_revoked_key_says_nothing_of_what_was_charged_before(card_that, invariants_hold):
    purchase = pending_purchase(card=card_that("loses_the_answer"))
    pay_charge(charge=purchase.charge, at=NOON)
    Card.objects.update(reference="card_shut")

    assert refresh_charge(charge=again(purchase).charge, at=SOON) is None

    assert state_of(purchase) == ("pending", "pending", "")


def test_a_revoked_key_fails_what_was_never_sent(card_that):
    purchase = pending_purchase(card=card_that("meets_a_shut_door"))

    pay_charge(charge=purchase.charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", "refused:api_key_expired")


def test_a_resend_says_the_same_word_for_word(card_that, fake_gateway, monkeypatch):
    """A gateway refuses a known key with other parameters."""
    said = []
    charge = FakeGateway.charge
    monkeypatch.setattr(
        FakeGateway, "charge", lambda self, request: said.append(request) or charge(self, request)
    )
    card = card_that("loses_the_answer")
    purchase = pending_purchase(card=card)
    pay_charge(charge=purchase.charge, at=NOON)

    card.location.name = "Renamed"
    card.location.save()
    card.customer.member.user.name = "Renamed"
    card.customer.member.user.save()
    refresh_charge(charge=again(purchase).charge, at=SOON)

    assert len(said) == 2
    assert said[0] == said[1]


def test_a_new_card_is_charged_once_it_was_entered_and_then_forgotten(
    new_card_purchase, fake_gateway, invariants_hold
):
    purchase = new_card_purchase()

    pay_charge(charge=purchase.charge, at=NOON)

    purchase = again(purchase)
    assert purchase.state == "completed"
    assert purchase.charge.paid_with == "Visa •••• 4242"
    assert purchase.receipt.paid_with == "Visa •••• 4242"
    assert purchase.charge.card.state == Card.State.RELEASED
    invariants_hold()


def test_a_new_card_is_kept_if_asked_and_paid(new_card_purchase, invariants_hold):
    purchase = new_card_purchase(keep=True)

    pay_charge(charge=purchase.charge, at=NOON)

    card = again(purchase).charge.card
    assert (card.state, card.brand, card.last4) == (Card.State.KEPT, "Visa", "4242")
    assert card in Card.objects.kept()
    invariants_hold()


def test_a_new_card_that_is_declined_is_never_kept(new_card_purchase, fake_gateway):
    fake_gateway.entered = "card_declined"
    purchase = new_card_purchase(keep=True)

    pay_charge(charge=purchase.charge, at=NOON)

    assert again(purchase).charge.card.state == Card.State.RELEASED


def test_the_same_card_kept_twice_is_listed_once(card, new_card_purchase):
    Card.objects.filter(pk=card.pk).update(fingerprint="print")

    purchase = new_card_purchase(keep=True)
    pay_charge(charge=purchase.charge, at=NOON)

    assert list(Card.objects.kept()) == [again(purchase).charge.card]


@pytest.mark.parametrize(
    ("entered", "why"), [("nothing", "card_not_entered"), ("setup_declined", "card_declined")]
)
def test_a_card_that_was_not_entered_fails_the_attempt(
    new_card_purchase, fake_gateway, entered, why
):
    fake_gateway.entered = entered
    purchase = new_card_purchase()

    pay_charge(charge=purchase.charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", why)
    assert fake_gateway.charges == {}


@pytest.mark.parametrize("whose", ["own", "another's"])
def test_a_card_that_is_known_already_is_not_charged_as_a_new_one(
    card, new_card_purchase, fake_gateway, whose, invariants_hold
):
    """A crafted confirm hands in a card that is kept: its owner's, or someone else's."""
    kept = card
    if whose != "own":
        stranger = CustomerFactory(member__location=card.location)
        kept = CardFactory(customer=stranger, connection=card.connection)
    fake_gateway.entered_again = kept.reference
    purchase = new_card_purchase(keep=True)

    pay_charge(charge=purchase.charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", "card_known")
    assert fake_gateway.charges == {}
    assert again(purchase).charge.card.state == Card.State.DETACHED
    kept.refresh_from_db()
    assert kept.state == Card.State.KEPT
    invariants_hold()


def test_a_purchase_whose_card_form_never_opened_fails_in_words(card, fake_gateway):
    option = OptionFactory(location=card.location)
    purchase = start_purchase(
        member=card.customer.member,
        option_id=option.pk,
        order=CardOrder(connection_id=card.connection_id, card_id=None),
        seen=quote_option(option, card.location),
        key="018f0000-0000-7000-8000-000000000002",
        at=NOON,
    )

    pay_charge(charge=purchase.charge, at=NOON)

    assert state_of(purchase) == ("failed", "failed", "card_not_entered")


def test_a_gateway_that_can_not_say_what_was_entered_leaves_the_purchase_open(
    new_card_purchase, fake_gateway, monkeypatch
):
    purchase = new_card_purchase()

    def silent(reference):
        raise GatewayUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(fake_gateway, "read_setup", silent)
        assert pay_charge(charge=purchase.charge, at=NOON) is None
    assert state_of(purchase) == ("pending", "pending", "")
    pay_charge(charge=purchase.charge, at=SOON)

    assert state_of(purchase) == ("completed", "succeeded", "")


def test_a_late_reader_of_the_entered_card_leaves_a_paid_charge_alone(
    new_card_purchase, fake_gateway, monkeypatch
):
    """Two confirmations: the second asks what was entered while the first is charged."""
    purchase = new_card_purchase()
    stale = again(purchase)
    read_setup = fake_gateway.read_setup

    def read_while_a_rival_pays(reference):
        monkeypatch.setattr(fake_gateway, "read_setup", read_setup)
        pay_charge(charge=again(purchase).charge, at=NOON)
        return read_setup(reference)

    monkeypatch.setattr(fake_gateway, "read_setup", read_while_a_rival_pays)
    pay_charge(charge=stale.charge, at=NOON)

    assert state_of(purchase) == ("completed", "succeeded", "")
    assert len(fake_gateway.charges) == 1


def test_a_reader_that_saw_no_card_can_not_fail_a_charge_that_was_sent(
    new_card_purchase, fake_gateway, monkeypatch
):
    """It looked before the card was entered; a rival looked after, and the answer is lost."""
    purchase = new_card_purchase()
    stale = again(purchase)
    read_setup = fake_gateway.read_setup

    def read_before_it_was_entered(reference):
        monkeypatch.setattr(fake_gateway, "read_setup", read_setup)
        fake_gateway.entered = "card_lost_answer"
        pay_charge(charge=again(purchase).charge, at=NOON)
        fake_gateway.entered = "nothing"
        return read_setup(reference)

    monkeypatch.setattr(fake_gateway, "read_setup", read_before_it_was_entered)
    pay_charge(charge=stale.charge, at=NOON)

    assert len(fake_gateway.charges) == 1
    assert state_of(purchase) == ("pending", "pending", ""), "unknown, not failed"


def gateway_is_back(purchase):
    Card.objects.filter(pk=purchase.charge.card_id).update(reference="card_ok")
