"""Saved cards without a purchase: add, offer first, and what has expired."""

from datetime import date
from functools import partial
from uuid import uuid4

import pytest
import time_machine

from community.models import Member
from membership.services.keeping_cards import (
    CardNotEntered,
    Keeper,
    choose_default_card,
    keep_card,
    open_card,
)
from membership.services.refusals import (
    CardNotUsable,
    MayNotUseCard,
    MethodNotOpen,
    NewCardForManagers,
    NotAnActiveMember,
)
from payments.gateways.protocol import GatewayUnavailable
from payments.models import Card, GatewayConnection
from payments.services.cards import remove_card
from tests.factories import DISCONNECTED, NOON, CardFactory, ConnectionFactory, CustomerFactory
from tests.membership.office import Office
from tests.membership.shop import address, words
from tests.racing import race

JSON = {"Accept": "application/json"}


@pytest.fixture
def connection(location, fake_gateway):
    return ConnectionFactory(location=location)


@pytest.fixture
def keeper(mia, connection):
    return Keeper(mia)


@pytest.fixture
def kept(mia, connection):
    def card(**facts):
        return CardFactory(customer=mia.customer, connection=connection, **facts)

    return card


def enter(keeper):
    card, _setup = open_card(keeper=keeper, key=uuid4(), at=NOON)
    return card


def test_a_card_is_kept_without_a_purchase(keeper, mia):
    card, setup = open_card(keeper=keeper, key=uuid4(), at=NOON)
    assert (card.state, card.customer, bool(setup.client_secret)) == ("entered", mia.customer, True)

    keep_card(keeper=keeper, card_id=card.pk, at=NOON)

    assert [str(card) for card in Card.objects.kept()] == ["Visa •••• 4242"]


def test_the_same_key_is_one_card_and_keeping_twice_changes_nothing(keeper):
    key = uuid4()
    card, _ = open_card(keeper=keeper, key=key, at=NOON)
    again, _ = open_card(keeper=keeper, key=key, at=NOON)

    keep_card(keeper=keeper, card_id=card.pk, at=NOON)
    keep_card(keeper=keeper, card_id=again.pk, at=NOON)

    assert Card.objects.count() == 1


def test_a_card_kept_twice_is_listed_once_and_stays_first(keeper):
    first = keep_card(keeper=keeper, card_id=enter(keeper).pk, at=NOON)
    choose_default_card(keeper=keeper, card_id=first.pk, at=NOON)

    second = keep_card(keeper=keeper, card_id=enter(keeper).pk, at=NOON)

    assert list(Card.objects.kept()) == [second]
    assert second.is_default


@pytest.mark.parametrize(
    ("entered", "failure"), [("setup_declined", "card_declined"), ("nothing", "card_not_entered")]
)
def test_a_card_that_was_not_taken_is_not_kept(keeper, fake_gateway, entered, failure):
    card = enter(keeper)
    fake_gateway.entered = entered

    with pytest.raises(CardNotEntered) as caught:
        keep_card(keeper=keeper, card_id=card.pk, at=NOON)

    assert caught.value.failure == failure
    assert list(Card.objects.kept()) == []


def test_the_suspended_keep_no_card(keeper, mia):
    card = enter(keeper)
    Member.objects.filter(pk=mia.pk).update(state="suspended")

    with pytest.raises(NotAnActiveMember):
        enter(keeper)
    with pytest.raises(NotAnActiveMember):
        keep_card(keeper=keeper, card_id=card.pk, at=NOON)
    assert list(Card.objects.kept()) == []


def test_no_card_is_kept_at_a_gateway_that_was_left(keeper):
    GatewayConnection.objects.update(**DISCONNECTED)

    with pytest.raises(MethodNotOpen):
        enter(keeper)


def test_a_stranger_s_card_is_not_kept(keeper, location):
    stranger = Keeper(CustomerFactory(member__location=location).member)
    card = enter(keeper)

    with pytest.raises(CardNotUsable):
        keep_card(keeper=stranger, card_id=card.pk, at=NOON)


def test_one_card_is_offered_first(keeper, kept):
    older, newer = kept(), kept()
    assert list(Card.objects.kept()) == [newer, older]

    choose_default_card(keeper=keeper, card_id=older.pk, at=NOON)
    assert list(Card.objects.kept()) == [older, newer]

    choose_default_card(keeper=keeper, card_id=newer.pk, at=NOON)
    assert list(Card.objects.filter(is_default=True)) == [newer]


def test_a_removed_card_is_not_offered_first(keeper, kept):
    card = kept()
    choose_default_card(keeper=keeper, card_id=card.pk, at=NOON)

    remove_card(card=card)

    card.refresh_from_db()
    assert (card.state, card.is_default) == (Card.State.RELEASED, False)
    with pytest.raises(CardNotUsable):
        choose_default_card(keeper=keeper, card_id=card.pk, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_racing_choices_leave_one_first(fake_gateway):
    first = CardFactory()
    cards = [first, CardFactory(customer=first.customer, connection=first.connection)]
    keeper = Keeper(first.customer.member)

    answers = race(
        first.location,
        [
            partial(choose_default_card, keeper=keeper, card_id=card.pk, at=NOON)
            for card in cards * 3
        ],
    )

    assert [it for it in answers if isinstance(it, Exception)] == []
    assert Card._base_manager.filter(is_default=True).count() == 1


@pytest.mark.parametrize(
    ("today", "months_left"),
    [
        (date(2030, 6, 30), 2),
        (date(2030, 7, 1), 1),
        (date(2030, 8, 31), 0),
        (date(2030, 9, 1), -1),
        (date(2031, 1, 1), -5),
    ],
)
def test_a_card_is_good_until_the_last_day_of_its_month(kept, today, months_left):
    kept(exp_month=8, exp_year=2030)

    assert Card.objects.kept().with_expiry(today).get().months_left == months_left


@pytest.fixture
def mias(keeper, mia, signed_in):
    return signed_in(mia.user)


def post(browser, page, data=None):
    return browser.post(page, data or {}, headers=JSON)


def test_the_page_opens_a_set_up_and_keeps_the_card(mias, location):
    page = address(location, "add_card")
    key = mias.get(page).context["key"]

    opened = post(mias, page, {"key": key}).json()
    kept = post(mias, opened["confirm_url"]).json()

    assert opened["state"] == "setup"
    assert kept == {"state": "done", "url": address(location, "payments")}
    shown = words(mias.get(kept["url"]))
    assert "Visa •••• 4242 saved." in shown
    assert "Expires 12/30" in shown


def test_a_declined_card_is_said_in_words(mias, location, fake_gateway):
    page = address(location, "add_card")
    opened = post(mias, page, {"key": uuid4()}).json()
    fake_gateway.entered = "setup_declined"

    refused = post(mias, opened["confirm_url"]).json()

    assert refused["state"] == "refused"
    told = words(mias.get(refused["url"]))
    assert "The card was not saved." in told
    assert "Nothing was charged." in told


def test_a_card_that_is_kept_already_is_not_kept_again(mias, location, kept, fake_gateway):
    fake_gateway.entered_again = kept().reference
    opened = post(mias, address(location, "add_card"), {"key": uuid4()}).json()

    refused = post(mias, opened["confirm_url"]).json()

    assert refused["state"] == "refused"
    assert "This card was entered before" in words(mias.get(refused["url"]))
    assert list(Card.objects.values_list("state", flat=True).order_by("pk")) == ["kept", "detached"]


def test_a_silent_gateway_is_said(mias, location, fake_gateway, monkeypatch):
    def silent(**_facts):
        raise GatewayUnavailable("silent")

    monkeypatch.setattr(fake_gateway, "open_setup", silent)

    refused = post(mias, address(location, "add_card"), {"key": uuid4()}).json()

    assert refused == {"state": "refused", "url": address(location, "payments")}
    assert "can't be reached now" in words(mias.get(refused["url"]))


def test_without_a_gateway_there_is_nothing_to_enter(mias, location):
    GatewayConnection.objects.update(**DISCONNECTED)

    assert "Cards are not taken at the moment" in words(mias.get(address(location, "add_card")))


def test_expired_and_expiring_cards_are_marked(mias, location, kept):
    kept(exp_month=10, exp_year=2026)
    kept(exp_month=12, exp_year=2026)
    kept(exp_month=1, exp_year=2030)

    with time_machine.travel(NOON, tick=False):
        shown = words(mias.get(address(location, "payments")))

    assert shown.count(">Expired<") == 1
    assert shown.count(">Expires soon<") == 1


def test_the_card_to_offer_first_is_chosen_on_the_page(mias, location, kept):
    older, _newer = kept(), kept(last4="0005")

    response = mias.post(address(location, "make_card_default", older.pk), follow=True)

    assert "Visa •••• 4242 is offered first." in words(response)
    assert Card.objects.kept().first() == older


def test_only_managers_keep_cards_for_a_company(location, connection):
    office = Office(location)
    with pytest.raises(MayNotUseCard):
        enter(Keeper(office.cora, office.company.pk))
    office.permit(office.cora, card=True)
    with pytest.raises(NewCardForManagers):
        enter(Keeper(office.cora, office.company.pk))

    manager = Keeper(office.carl, office.company.pk)
    card = keep_card(keeper=manager, card_id=enter(manager).pk, at=NOON)

    assert card.customer == office.customer
