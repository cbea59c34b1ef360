"""The guard against card testing: failed cards are counted per user, customer and location."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse
from django.utils.timezone import now
from django_scopes import scope

from membership.models import Purchase
from membership.services.keeping_cards import Keeper, keep_card, open_card
from membership.services.paying import open_card_setup, pay_charge
from membership.services.settlement import settle_transaction
from payments.models import CardTry, Transaction
from payments.services.card_testing import (
    AT_LOCATION,
    BY_USER,
    OF_CUSTOMER,
    TooManyFailedCards,
    begin_card_try,
)
from tests.factories import (
    NOON,
    CardFactory,
    ConnectionFactory,
    CustomerFactory,
    OptionFactory,
    pending_purchase,
)
from tests.membership.shop import address, confirm, look, words
from tests.racing import errors, race


@pytest.fixture
def others(location):
    """A customer and a user who have nothing to do with Mia."""
    return CustomerFactory(member__location=location)


@pytest.fixture
def till(location, fake_gateway):
    return ConnectionFactory(location=location)


@pytest.fixture
def card(mia, till):
    return CardFactory(customer=mia.customer, connection=till)


@pytest.fixture
def option(location):
    return OptionFactory(location=location)


def failed(count, *, of, by, at=NOON):
    """Cards of a customer that failed, tried by a member."""
    return CardTry.objects.bulk_create(
        CardTry(
            location_id=of.location_id,
            customer=of,
            made_by=by.user,
            key=str(uuid4()),
            tried_at=at,
        )
        for _ in range(count)
    )


def pay(card, *, at=NOON):
    purchase = pending_purchase(card=card)
    pay_charge(charge=purchase.charge, at=at)
    return purchase


def test_a_declined_card_counts_once_however_often_it_is_told(mia, card, fake_gateway):
    card.reference = f"card_declined_{card.pk}"
    card.save()
    charge = pay(card).charge

    [outcome] = fake_gateway.charges.values()
    settle_transaction(
        transaction_id=charge.pk, location_id=charge.location_id, outcome=outcome, at=NOON
    )

    [tried] = CardTry.objects.all()
    assert (tried.customer, tried.made_by) == (mia.customer, mia.user)
    assert not tried.was_good


def test_a_good_card_is_not_counted(mia, card):
    pay(card)

    assert not CardTry.objects.exists()


@pytest.mark.parametrize("whose", ["user", "customer", "location"])
def test_after_too_many_the_next_is_not_sent(mia, others, card, fake_gateway, whose):
    limit, of, by = {
        "user": (BY_USER, others, mia),
        "customer": (OF_CUSTOMER, mia.customer, others.member),
        "location": (AT_LOCATION, others, others.member),
    }[whose]
    failed(limit - 1, of=of, by=by)
    pay(card)
    assert len(fake_gateway.charges) == 1
    failed(1, of=of, by=by)

    with pytest.raises(TooManyFailedCards):
        pay(card)

    assert len(fake_gateway.charges) == 1
    assert Transaction.objects.latest("pk").failure_code == TooManyFailedCards.code
    pay(card, at=NOON + timedelta(hours=1, seconds=1))
    assert len(fake_gateway.charges) == 2


def test_the_checkout_says_so(mia, card, option, signed_in, fake_gateway):
    failed(BY_USER, of=mia.customer, by=mia, at=now())
    browser = signed_in(mia.user)

    for chosen in ("new", card.pk):
        answer = confirm(browser, option, look(browser, option), card=chosen)
        assert answer.status_code == 429
        assert answer.json()["state"] == "refused"
        page = words(browser.get(answer.json()["url"]))
        assert "Too many cards failed in the last hour" in page
        assert 'role="alert"' in page

    assert set(Purchase.objects.values_list("state", flat=True)) == {"failed"}
    assert (fake_gateway.charges, fake_gateway._setups) == ({}, {})


def test_a_card_that_nobody_comes_back_from_counts_until_it_was_good(mia, till, fake_gateway):
    keeper = Keeper(mia)
    card, _setup = open_card(keeper=keeper, key=uuid4(), at=NOON)
    assert CardTry.objects.not_good(since=NOON - timedelta(1)).count() == 1

    keep_card(keeper=keeper, card_id=card.pk, at=NOON)

    assert CardTry.objects.get().was_good


def test_adding_cards_counts_as_well(location, mia, till, signed_in, fake_gateway):
    fake_gateway.entered = "setup_declined"
    for _each in range(BY_USER):
        open_card(keeper=Keeper(mia), key=uuid4(), at=now())

    answer = signed_in(mia.user).post(
        address(location, "add_card"), {"key": uuid4()}, HTTP_ACCEPT="application/json"
    )

    assert answer.status_code == 429
    assert answer.json()["state"] == "refused"
    assert len(fake_gateway._setups) == BY_USER
    page = words(signed_in(mia.user).get(answer.json()["url"]))
    assert "Too many cards failed in the last hour" in page


def test_a_new_card_that_is_good_pays_and_counts_no_more(mia, till, option):
    purchase = pending_purchase(card=CardFactory(customer=mia.customer, connection=till))
    Transaction.objects.filter(pk=purchase.charge_id).update(card=None)
    open_card_setup(charge=Transaction.objects.get(), at=NOON)

    pay_charge(charge=Transaction.objects.get(), at=NOON)

    assert Purchase.objects.get().state == "completed"
    assert CardTry.objects.get().was_good


def test_the_admin_sees_it_and_who(location, admin, mia, till, others, signed_in):
    browser = signed_in(admin)
    home = reverse("community:home", args=[location.slug])
    stripe = reverse("community:settings_stripe", args=[location.slug])
    failed(AT_LOCATION - 10, of=mia.customer, by=mia, at=now())
    failed(9, of=others, by=others.member, at=now())
    assert "Too many cards failed" not in words(browser.get(home))

    failed(1, of=others, by=others.member, at=now())

    assert "most of them by Mia Holm" in words(browser.get(home))
    assert "No card is tried now" in words(browser.get(stripe))
    with time_machine.travel(now() + timedelta(minutes=61), tick=False):
        assert "Too many cards failed" not in words(signed_in(admin).get(home))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_further_than_one_after_the_other(fake_gateway):
    card = CardFactory()
    with scope(location=card.location):
        failed(BY_USER - 3, of=card.customer, by=card.customer.member)
    tries = [
        partial(
            begin_card_try,
            connection=card.connection,
            customer_id=card.customer_id,
            user_id=card.customer.member.user_id,
            key=f"setup-{number}",
            at=NOON,
        )
        for number in range(12)
    ]

    answers = race(card.location, tries)

    refused = errors(answers)
    assert len(refused) == 9
    assert {type(it) for it in refused} == {TooManyFailedCards}
