from datetime import timedelta

import pytest
import time_machine
from django_scopes import scope

from payments.gateways.protocol import GatewayRefused, GatewayUnavailable
from payments.models import Card
from payments.services.cards import (
    ENTERING_TAKES_AT_MOST,
    CardInUse,
    cards_to_detach,
    detach_card,
    remove_card,
)
from payments.tasks import RunIncomplete, sweep_cards
from tests.factories import NOON, CardFactory, pending_purchase

LONG_AFTER = NOON + ENTERING_TAKES_AT_MOST + timedelta(seconds=1)


@pytest.fixture
def card(db, fake_gateway):
    card = CardFactory()
    with scope(location=card.location):
        yield card


def test_a_removed_card_is_let_go(card):
    remove_card(card=card)

    card.refresh_from_db()
    assert card.state == Card.State.RELEASED
    assert list(Card.objects.kept()) == []


def test_a_card_that_is_being_charged_can_not_be_removed(card):
    pending_purchase(card=card)

    with pytest.raises(CardInUse):
        remove_card(card=card)

    card.refresh_from_db()
    assert card.state == Card.State.KEPT


def test_removing_twice_changes_nothing(card):
    remove_card(card=card)
    remove_card(card=card)

    assert Card.objects.get().state == Card.State.RELEASED


def test_kept_cards_are_not_detached(card):
    assert cards_to_detach(at=LONG_AFTER) == []


def test_a_card_being_entered_has_its_time(card):
    Card.objects.update(state=Card.State.ENTERED)

    assert cards_to_detach(at=NOON + ENTERING_TAKES_AT_MOST) == []
    assert cards_to_detach(at=LONG_AFTER) == [card.pk]


def test_a_card_that_is_being_charged_is_not_abandoned(card):
    pending_purchase(card=card)
    Card.objects.update(state=Card.State.ENTERED)

    assert cards_to_detach(at=LONG_AFTER) == []


def test_a_released_card_is_forgotten_at_the_gateway_once(card, fake_gateway):
    remove_card(card=card)

    sweep_cards()
    sweep_cards()

    card.refresh_from_db()
    assert card.state == Card.State.DETACHED
    assert fake_gateway.detached == [card.reference]


def test_a_card_that_was_entered_and_never_read_is_found_and_forgotten(card, fake_gateway):
    Card.objects.update(state=Card.State.ENTERED, reference="")

    detach_card(card.pk)

    card.refresh_from_db()
    assert card.state == Card.State.DETACHED
    assert len(fake_gateway.detached) == 1


def test_nothing_was_entered_so_there_is_nothing_to_forget(card, fake_gateway):
    fake_gateway.entered = "nothing"
    Card.objects.update(state=Card.State.ENTERED, reference="")

    assert detach_card(card.pk) is True

    assert fake_gateway.detached == []
    assert Card.objects.get().state == Card.State.DETACHED


def test_a_silent_gateway_is_asked_again_later(card, fake_gateway, monkeypatch):
    remove_card(card=card)

    def silent(reference):
        raise GatewayUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(fake_gateway, "detach_card", silent)
        assert detach_card(card.pk) is False
    assert cards_to_detach(at=NOON) == [card.pk]
    assert detach_card(card.pk) is True


def test_a_card_entered_as_another_s_ends_and_the_other_stays(card, fake_gateway):
    """A crafted confirm hands in the reference of a card that is kept."""
    twin = CardFactory(
        customer=card.customer, connection=card.connection, state="entered", reference=""
    )
    other = CardFactory()
    with scope(location=other.location):
        remove_card(card=other)
    fake_gateway.entered_again = card.reference

    with time_machine.travel(LONG_AFTER):
        sweep_cards()

    assert fake_gateway.detached == [other.reference]
    twin.refresh_from_db()
    card.refresh_from_db()
    assert (twin.state, twin.reference) == (Card.State.DETACHED, "")
    assert card.state == Card.State.KEPT
    assert cards_to_detach(at=LONG_AFTER) == []


def test_a_bug_about_one_card_keeps_no_other_from_being_forgotten(db, fake_gateway, monkeypatch):
    for card in (CardFactory(), CardFactory()):
        with scope(location=card.location):
            remove_card(card=card)
    calls, detach = [], fake_gateway.detach_card

    def broken_first(reference):
        calls.append(reference)
        if len(calls) == 1:
            raise RuntimeError("a bug")
        detach(reference)

    monkeypatch.setattr(fake_gateway, "detach_card", broken_first)

    with pytest.raises(RunIncomplete):
        sweep_cards()
    assert fake_gateway.detached == calls[1:]


def test_one_closed_account_does_not_keep_the_others_cards(db, fake_gateway, monkeypatch):
    closed, fine = CardFactory(), CardFactory()
    for card in (closed, fine):
        with scope(location=card.location):
            remove_card(card=card)
    detach = fake_gateway.detach_card

    def refuse(reference):
        if reference == closed.reference:
            raise GatewayRefused("account_closed", "")
        detach(reference)

    monkeypatch.setattr(fake_gateway, "detach_card", refuse)
    sweep_cards()

    assert fake_gateway.detached == [fine.reference]
