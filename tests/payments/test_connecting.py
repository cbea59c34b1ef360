from functools import partial

import pytest
from django_scopes import scope

from community.models import AuditRecord
from payments.gateways.protocol import Credentials, GatewayRefused, KeyRefused
from payments.gateways.stripe import StripeGateway
from payments.models import Card, GatewayConnection, GatewayCustomer
from payments.services.connecting import (
    GatewayConnected,
    GatewayGone,
    api_base,
    change_keys,
    connect_gateway,
    webhook_url,
)
from payments.services.customers import gateway_customer
from tests.factories import (
    DISCONNECTED,
    NOON,
    CardFactory,
    ConnectionFactory,
    LocationFactory,
    RoleFactory,
)
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


def test_a_key_that_does_not_do_all_leaves_nothing(location, fake_gateway):
    fake_gateway.key_refused = KeyRefused("secret_key", "permission_missing")

    with pytest.raises(KeyRefused):
        connect(location)

    assert (GatewayConnection.objects.count(), fake_gateway.webhooks) == (0, {})
    assert AuditRecord.objects.count() == 0


def test_where_the_gateway_can_not_reach_us_webhooks_are_off(location, fake_gateway):
    fake_gateway.is_reachable = False

    connection = connect(location)

    connection.refresh_from_db()
    assert connection.state == GatewayConnection.State.CONNECTED
    assert not connection.hears_webhooks


def test_an_account_that_returns_is_the_same_connection_with_its_cards(location, fake_gateway):
    card = CardFactory(customer__member__location=location)
    earlier = card.connection
    GatewayConnection.objects.update(webhook_reference="we_old", **DISCONNECTED)
    fake_gateway.webhooks["we_old"] = webhook_url(earlier)
    assert list(Card.objects.kept()) == []

    connection = connect(location)

    assert connection.pk == earlier.pk
    assert connection.key != earlier.key
    assert list(Card.objects.kept()) == [card]
    assert list(fake_gateway.webhooks.values()) == [webhook_url(connection)]


def test_another_account_does_not_bring_the_cards_back(location, fake_gateway):
    CardFactory(customer__member__location=location)
    GatewayConnection.objects.update(**DISCONNECTED)
    fake_gateway.account = "acct_other"

    connect(location)

    assert list(Card.objects.kept()) == []
    assert GatewayConnection.objects.count() == 2


def test_connecting_is_written_down_without_a_key(location):
    connect(location)

    record = AuditRecord.objects.get()
    assert (record.action, record.subject) == ("gateway connected", "stripe")
    assert record.after == {"account": "acct_fake", "mode": "test", "key_ending": "st_1"}


@pytest.fixture
def connection(location):
    return connect(location)


@pytest.fixture
def rotate(connection, admin):
    def change(**keys):
        keys = {"publishable_key": "", "secret_key": ""} | keys
        change_keys(connection=connection, by=admin, at=NOON, **keys)
        connection.refresh_from_db()

    return change


@pytest.fixture
def admin(location):
    return RoleFactory(location=location).user


def test_a_key_is_changed_and_what_is_left_empty_stays(connection, rotate, fake_gateway):
    rotate(secret_key="rk_test_2")

    assert (connection.publishable_key, connection.secret_key) == ("pk_test_1", "rk_test_2")
    assert connection.webhook_secret == "whsec_fake"
    assert len(fake_gateway.webhooks) == 1
    record = AuditRecord.objects.latest("pk")
    assert record.action == "gateway keys changed"
    assert (record.before["key_ending"], record.after["key_ending"]) == ("st_1", "st_2")


def test_keys_of_another_account_are_not_put_in_place(connection, rotate, fake_gateway):
    fake_gateway.account = "acct_other"

    with pytest.raises(KeyRefused, match="key_of_another_account"):
        rotate(secret_key="rk_test_2")

    connection.refresh_from_db()
    assert connection.secret_key == "rk_test_1"


def test_keys_of_the_other_mode_are_not_put_in_place(connection, rotate):
    GatewayConnection.objects.update(livemode=True)
    connection.refresh_from_db()

    with pytest.raises(KeyRefused, match="key_of_another_mode"):
        rotate(secret_key="rk_test_2")


def test_keys_come_too_late_for_a_gateway_that_was_left(connection, rotate):
    GatewayConnection.objects.update(**DISCONNECTED)

    with pytest.raises(GatewayGone):
        rotate(secret_key="rk_test_2")


@pytest.mark.django_db(transaction=True)
def test_two_admins_connecting_at_once_connect_once(fake_gateway):
    location = LocationFactory()

    answers = race(location, [partial(connect, location)] * 5)

    assert sum(isinstance(answer, GatewayConnection) for answer in answers) == 1, answers
    assert sum(isinstance(answer, GatewayConnected) for answer in answers) == 4, answers
    assert len(fake_gateway.webhooks) == 1


@pytest.mark.django_db(transaction=True)
def test_two_admins_connecting_a_known_account_again_connect_it_once(fake_gateway):
    location = ConnectionFactory(**DISCONNECTED).location

    answers = race(location, [partial(connect, location)] * 5)

    assert sum(isinstance(answer, GatewayConnection) for answer in answers) == 1, answers
    assert sum(isinstance(answer, GatewayConnected) for answer in answers) == 4, answers
    assert len(fake_gateway.webhooks) == 1


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

    assert api_base(GatewayConnection(gateway="stripe", api_base=own)).rstrip("/") == base


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
