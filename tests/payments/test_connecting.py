from functools import partial

import pytest
from django_scopes import scope

from payments.gateways.protocol import Credentials, GatewayRefused
from payments.gateways.stripe import StripeGateway
from payments.models import GatewayConnection, GatewayCustomer
from payments.services.connecting import (
    GatewayConnected,
    api_base,
    connect_gateway,
    gateway_customer,
    webhook_url,
)
from tests.factories import DISCONNECTED, NOON, CardFactory, ConnectionFactory, LocationFactory
from tests.racing import race


@pytest.fixture
def location(db, fake_gateway):
    location = LocationFactory()
    with scope(location=location):
        yield location


def connect(location):
    return connect_gateway(
        location=location,
        gateway=GatewayConnection.Gateway.STRIPE,
        publishable_key="pk_test_1",
        secret_key="rk_test_1",
        at=NOON,
    )


def test_a_connection_knows_its_account_and_asks_for_its_webhooks(location, fake_gateway):
    connection = connect(location)

    connection.refresh_from_db()
    assert (connection.account, connection.webhook_secret) == ("acct_fake", "whsec_fake")
    assert fake_gateway.webhooks == {connection.webhook_reference: webhook_url(connection)}
    assert str(connection.key) in webhook_url(connection)


def test_a_gateway_is_connected_once(location):
    connect(location)

    with pytest.raises(GatewayConnected):
        connect(location)


def test_a_disconnected_gateway_can_be_connected_again(location):
    ConnectionFactory(location=location, **DISCONNECTED)

    connect(location)

    assert GatewayConnection.objects.connected().count() == 1


def test_a_key_that_is_refused_leaves_no_connection(location, fake_gateway, monkeypatch):
    def refuse():
        raise GatewayRefused("api_key_invalid", "")

    monkeypatch.setattr(fake_gateway, "read_account", refuse)
    with pytest.raises(GatewayRefused):
        connect(location)

    assert GatewayConnection.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_admins_connecting_at_once_connect_once(fake_gateway):
    location = LocationFactory()

    answers = race(location, [partial(connect, location)] * 5)

    assert sum(isinstance(answer, GatewayConnection) for answer in answers) == 1, answers
    assert sum(isinstance(answer, GatewayConnected) for answer in answers) == 4, answers


@pytest.mark.parametrize(
    ("key", "live"),
    [
        ("rk_live_1", True),
        ("sk_live_1", True),
        ("rk_test_live_1", False),
        ("sk_test_1", False),
    ],
)
def test_the_mode_of_an_account_is_its_key_s(key, live, monkeypatch):
    """Stripe's account object has no livemode: taken from there, live charges never matched."""
    monkeypatch.setattr(
        "payments.gateways.stripe.checks.hear",
        lambda _call: ({"id": "acct_1", "livemode": not live}, None),
    )
    gateway = StripeGateway(Credentials("", "pk", key, "https://stripe.test"))

    assert gateway.read_account().livemode is live


@pytest.mark.parametrize(
    ("own", "base"),
    [
        ("", "https://api.stripe.test"),
        ("/accounts/harbour", "https://api.stripe.test/accounts/harbour"),
        ("https://elsewhere.test", "https://elsewhere.test"),
    ],
)
def test_a_connection_s_own_path_is_joined_to_the_installation_s(own, base, settings):
    settings.STRIPE_API_BASE = "https://api.stripe.test/"

    assert api_base(own).rstrip("/") == base


def test_a_customer_is_made_known_to_the_gateway_once(location):
    card = CardFactory(customer__member__location=location)

    first = gateway_customer(card.connection, card.customer)
    again = gateway_customer(card.connection, card.customer)

    assert first == again
    assert GatewayCustomer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_racing_buyers_get_one_gateway_customer(fake_gateway):
    card = CardFactory()

    answers = race(card.location, [partial(gateway_customer, card.connection, card.customer)] * 5)

    assert len(set(answers)) == 1, answers
