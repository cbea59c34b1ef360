from decimal import Decimal

import pytest
from django_scopes import scope

from credits.models import Wallet
from membership.services.paying import pay_purchase
from payments.models import Card
from tests.factories import NOON, CardFactory, pending_purchase


@pytest.fixture
def card(db):
    card = CardFactory()
    with scope(location=card.location):
        yield card


def test_a_paid_purchase_adds_its_credits_once(card, fake_gateway):
    purchase = pending_purchase(card=card)

    pay_purchase(purchase=purchase, at=NOON)
    pay_purchase(purchase=purchase, at=NOON)

    purchase.refresh_from_db()
    assert purchase.state == "completed"
    assert Wallet.objects.get(customer=card.customer).balance == Decimal(10)
    assert purchase.receipt.number == "R-2026-0001"
    assert len(fake_gateway.charges) == 1


def test_a_declined_card_leaves_nothing_but_the_failed_attempt(card, fake_gateway):
    Card.objects.filter(pk=card.pk).update(reference="card_declined")
    card.refresh_from_db()
    purchase = pending_purchase(card=card)

    pay_purchase(purchase=purchase, at=NOON)

    purchase.refresh_from_db()
    assert purchase.state == "failed"
    assert purchase.charge.failure_code == "insufficient_funds"
    assert not Wallet.objects.filter(customer=card.customer).exists()
