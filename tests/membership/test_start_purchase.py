from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from credits.models import CreditOption
from membership.models import Purchase
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import OptionNotOnSale, quote_option
from membership.services.refusals import CardNotUsable, MethodNotOpen
from payments.models import Card, GatewayConnection, Transaction
from payments.services.cards import CardInUse, remove_card
from tests.factories import (
    DISCONNECTED,
    NOON,
    CardFactory,
    ConnectionFactory,
    OptionFactory,
    pending_purchase,
)
from tests.racing import race


def start(card, option, *, member=None, order=None, seen=None, key=None):
    return start_purchase(
        member=member or card.customer.member,
        option_id=option.pk,
        order=order or CardOrder(connection_id=card.connection_id, card_id=card.pk),
        seen=seen or quote_option(option, option.location),
        key=key or uuid4(),
        at=NOON,
    )


def test_a_purchase_freezes_what_was_bought_and_what_it_costs(card):
    option = OptionFactory(location=card.location, credits=Decimal("7.5"), expiry_months=6)

    purchase = start(card, option)
    CreditOption.objects.update(credits=1, price_minor=1, expiry_months=None)

    purchase.refresh_from_db()
    assert (purchase.credits, purchase.expiry_months) == (Decimal("7.50"), 6)
    assert (purchase.list_price_minor, purchase.net_minor) == (1000, 1000)
    assert (purchase.tax_minor, purchase.total_minor, purchase.currency) == (200, 1200, "EUR")
    assert (purchase.charge.amount_minor, purchase.charge.currency) == (1200, "EUR")
    assert (purchase.state, purchase.charge.state) == ("pending", "pending")


def test_the_attempt_s_key_is_the_charge_s_idempotency_key(card):
    key = uuid4()

    assert start(card, OptionFactory(location=card.location), key=key).charge.key == key


def test_a_key_starts_one_purchase(card):
    option, key = OptionFactory(location=card.location), uuid4()

    assert start(card, option, key=key) == start(card, option, key=key)
    assert Transaction.objects.count() == 1


def test_another_member_can_not_use_a_key(card):
    option, key = OptionFactory(location=card.location), uuid4()
    start(card, option, key=key)
    rival = CardFactory(customer__member__location=card.location, connection=card.connection)

    with pytest.raises(IntegrityError, match="key"), transaction.atomic():
        start(rival, option, key=key)

    assert Purchase.objects.count() == 1


def test_a_foreign_option_is_not_on_sale_here(card):
    elsewhere = CardFactory()
    with scope(location=elsewhere.location):
        option = OptionFactory(location=elsewhere.location)

    with pytest.raises(OptionNotOnSale):
        start(card, option)


def test_a_foreign_connection_is_closed(card):
    elsewhere = ConnectionFactory()

    with pytest.raises(MethodNotOpen):
        start(
            card,
            OptionFactory(location=card.location),
            order=CardOrder(connection_id=elsewhere.pk, card_id=None),
        )


@pytest.mark.parametrize("state", [Card.State.ENTERED, Card.State.RELEASED, Card.State.DETACHED])
def test_only_a_kept_card_can_be_chosen(card, state):
    Card.objects.update(state=state)

    with pytest.raises(CardNotUsable):
        start(card, OptionFactory(location=card.location))


def test_a_colleague_s_card_can_not_be_chosen(card):
    colleague = CardFactory(customer__member__location=card.location, connection=card.connection)

    with pytest.raises(CardNotUsable):
        start(
            colleague,
            OptionFactory(location=card.location),
            member=card.customer.member,
        )

    assert Transaction.objects.count() == 0


def test_a_card_of_another_connection_can_not_be_chosen(card):
    GatewayConnection.objects.update(**DISCONNECTED)
    current = ConnectionFactory(location=card.location, account="acct_other")

    with pytest.raises(CardNotUsable):
        start(
            card,
            OptionFactory(location=card.location),
            order=CardOrder(connection_id=current.pk, card_id=card.pk),
        )


def test_keep_is_asked_of_a_new_card_only(card):
    option = OptionFactory(location=card.location)
    kept = CardOrder(connection_id=card.connection_id, card_id=card.pk, keep_card=True)
    new = CardOrder(connection_id=card.connection_id, card_id=None, keep_card=True)

    assert start(card, option, order=kept).charge.keep_card is False
    assert start(card, option, order=new).charge.keep_card is True


@pytest.mark.django_db(transaction=True)
def test_a_double_click_starts_one_purchase(invariants_hold):
    card = CardFactory()
    with scope(location=card.location):
        option = OptionFactory(location=card.location)
    key = uuid4()

    answers = race(card.location, [lambda: start(card, option, key=key)] * 10)

    assert len({purchase.pk for purchase in answers}) == 1, answers
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_a_card_is_either_removed_or_charged(fake_gateway):
    for card in [CardFactory() for _ in range(5)]:
        started, removed = race(
            card.location,
            [partial(pending_purchase, card=card), partial(remove_card, card=card)],
        )

        assert isinstance(started, CardNotUsable) != isinstance(removed, CardInUse), (
            started,
            removed,
        )
