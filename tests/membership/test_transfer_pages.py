"""Bank transfer on the buyer's pages: at the checkout, on its page, at Home and under Payments."""

from dataclasses import replace

import pytest
from django_scopes import scope

from membership.models import Purchase
from membership.services.transfers import confirm_transfer
from payments.gateways.protocol import Abilities
from payments.gateways.registry import KINDS
from payments.models import GatewayConnection
from tests.factories import (
    NOON,
    CustomerFactory,
    OptionFactory,
    TransferAccountFactory,
    awaited_transfer,
)
from tests.membership.shop import address, confirm, look, words


@pytest.fixture
def option(location):
    return OptionFactory(location=location)


@pytest.fixture
def account(location):
    return TransferAccountFactory(location=location)


@pytest.fixture
def mias(mia, signed_in):
    return signed_in(mia.user)


def checkout(browser, option):
    return words(browser.get(address(option.location, "checkout", option.pk)))


def page_of(browser, purchase):
    return words(browser.get(address(purchase.location, "purchase", purchase.key)))


def test_the_checkout_offers_it_where_it_is_connected(location, mias, option, account):
    page = checkout(mias, option)

    assert 'id="method-transfer" name="method" value="transfer" checked' in page
    assert "Pay €12.00 by transfer" in page
    assert "no payment service is connected" in page  # of the card
    GatewayConnection.objects.update(state="disconnecting", disconnected_at=NOON)
    assert "method-transfer" not in checkout(mias, option)


def test_gateways_are_offered_in_the_location_s_order(location, mias, mia, option, account, buy):
    GatewayConnection.objects.filter(gateway="stripe").update(position=2)
    GatewayConnection.objects.filter(gateway="bank_transfer").update(position=1)
    first = checkout(mias, option)

    GatewayConnection.objects.filter(gateway="bank_transfer").update(position=3)

    assert first.index("method-transfer") < first.index("method-card")
    second = checkout(mias, option)
    assert second.index("method-card") < second.index("method-transfer")


@pytest.mark.parametrize(
    ("abilities", "why"),
    [
        (Abilities(confirms_later=True, least_minor={"EUR": 1201}), "less than the payment"),
        (Abilities(confirms_later=True, lacks=frozenset({"EUR"})), "take EUR"),
    ],
)
def test_what_it_does_not_take_is_said(monkeypatch, mias, option, account, abilities, why):
    monkeypatch.setitem(
        KINDS, "bank_transfer", replace(KINDS["bank_transfer"], abilities=abilities)
    )

    page = checkout(mias, option)

    assert why in page.replace("&#x27;", "'")
    assert "by transfer" not in page


def test_ordering_it_shows_what_to_transfer(location, mias, option, account):
    answer = confirm(mias, option, look(mias, option), method="transfer").json()

    bought = Purchase.objects.get()
    assert answer == {"state": "done", "url": address(location, "purchase", bought.key)}
    page = page_of(mias, bought)
    for fact in ("Transfer €12.00", bought.charge.spaced_reference, "DE02120300000000202051"):
        assert fact in page
    assert "Due by" in page


def test_it_is_ordered_without_a_script_too(location, mias, option, account):
    ticket = look(mias, option)

    response = mias.post(
        address(location, "checkout", option.pk), {"quote": ticket, "method": "transfer"}
    )

    assert response.url == address(location, "purchase", Purchase.objects.get().key)


def test_home_and_payments_say_that_it_is_awaited(location, mias, mia, option):
    bought = awaited_transfer(mia, option=option)

    home = words(mias.get(f"/{location.slug}/"))
    assert "10 credits for your transfer of €12.00, once it has come." in home
    assert address(location, "purchase", bought.key) in home
    assert "Awaited" in words(mias.get(address(location, "payments")))


def test_the_buyer_cancels_it(location, mias, mia, option):
    bought = awaited_transfer(mia, option=option)

    mias.post(address(location, "cancel_transfer", bought.key))

    assert "This purchase was cancelled" in page_of(mias, bought)
    mias.post(address(location, "cancel_transfer", bought.key))
    assert "not awaited any more" in page_of(mias, bought)


def test_nobody_cancels_another_s(location, mias, option):
    other = awaited_transfer(CustomerFactory(member__location=location).member, option=option)

    assert mias.post(address(location, "cancel_transfer", other.key)).status_code == 404


def test_once_it_came_the_page_shows_the_credits(location, mias, mia, admin, option):
    bought = awaited_transfer(mia, option=option)
    confirm_transfer(
        charge_id=bought.charge_id, amount_minor=1200, received_on=NOON.date(), by=admin, at=NOON
    )

    page = page_of(mias, bought)

    assert "10 credits added" in page
    assert "Bank transfer" in page


@pytest.mark.parametrize("name", ["confirm_purchase", "purchase_status"])
def test_no_gateway_is_asked_by_a_page(location, mias, mia, option, name):
    bought = awaited_transfer(mia, option=option)
    ask = mias.post if name == "confirm_purchase" else mias.get

    assert ask(address(location, name, bought.key)).status_code in {200, 302}

    with scope(location=location):
        assert Purchase.objects.get().state == "awaiting_payment"
