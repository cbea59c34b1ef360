from datetime import timedelta

import pytest
from django_scopes import scope

from community.models import AuditRecord
from payments.gateways.protocol import GatewayShut, GatewayUnavailable
from payments.models import Card, GatewayConnection, GatewayEvent, Transaction
from payments.services.cards import cards_to_detach, remove_card
from payments.services.connecting import GatewayGone
from payments.services.disconnecting import (
    DETACHES_WITHIN,
    SETTLES_WITHIN,
    connections_to_finish,
    disconnect_gateway,
    finish_disconnecting,
)
from payments.tasks import sweep_disconnected
from tests.factories import NOON, CardFactory, RoleFactory, pending_purchase

LATER = NOON + SETTLES_WITHIN
State = GatewayConnection.State


@pytest.fixture
def card(db, fake_gateway):
    card = CardFactory()
    with scope(location=card.location):
        yield card


@pytest.fixture
def connection(card, fake_gateway):
    connection = card.connection
    connection.webhook_reference = "we_1"
    connection.save()
    fake_gateway.webhooks["we_1"] = "https://here.test/"
    return connection


@pytest.fixture
def admin(card):
    return RoleFactory(location=card.location).user


@pytest.fixture
def leave(connection, admin):
    def disconnect():
        disconnect_gateway(connection=connection, by=admin, at=NOON)
        connection.refresh_from_db()

    return disconnect


def finish(connection, at=LATER):
    finish_disconnecting(connection.pk, at=at)
    connection.refresh_from_db()


def test_a_gateway_that_was_left_is_offered_no_more_and_its_cards_are_hidden(connection, leave):
    leave()

    assert list(GatewayConnection.objects.connected()) == []
    assert list(Card.objects.kept()) == []
    assert AuditRecord.objects.get().action == "gateway disconnected"


def test_it_is_left_once(leave):
    leave()

    with pytest.raises(GatewayGone):
        leave()


def test_its_secrets_go_when_nothing_is_under_way(connection, leave, fake_gateway):
    leave()

    finish(connection)

    assert (connection.state, connection.secret_key, connection.webhook_secret) == (
        State.DISCONNECTED,
        "",
        "",
    )
    assert fake_gateway.webhooks == {}


def test_whoever_saw_it_connected_has_time_to_write_their_charge(connection, leave):
    leave()

    finish(connection, at=LATER - timedelta(seconds=1))

    assert connection.state == State.DISCONNECTING


def test_a_payment_under_way_keeps_the_key(connection, card, leave):
    purchase = pending_purchase(card=card)
    leave()

    finish(connection)
    assert (connection.state, connection.secret_key) == (State.DISCONNECTING, "rk_test_fake")

    Transaction.objects.filter(pk=purchase.charge_id).update(state="failed", settled_at=NOON)
    finish(connection)
    assert connection.state == State.DISCONNECTED


def test_an_event_that_waits_keeps_the_key(connection, leave):
    GatewayEvent.objects.create(
        location=connection.location,
        connection=connection,
        reference="evt_1",
        kind="x",
        payload={},
        received_at=NOON,
    )
    leave()

    finish(connection)

    assert connection.state == State.DISCONNECTING


def test_a_card_to_be_detached_keeps_the_key_for_a_day(connection, card, leave):
    remove_card(card=card)
    leave()

    assert connections_to_finish(at=LATER) == []
    assert connections_to_finish(at=NOON + DETACHES_WITHIN) == [connection.pk]


def test_cards_of_an_account_that_was_left_wait_for_its_return(connection, card, leave):
    leave()
    finish(connection)
    Card.objects.update(state=Card.State.RELEASED)

    assert cards_to_detach(at=LATER) == []


def test_a_gateway_that_came_back_keeps_its_key(connection, leave):
    leave()
    GatewayConnection.objects.update(state=State.CONNECTED, disconnected_at=None)

    finish(connection)

    assert (connection.state, connection.secret_key) == (State.CONNECTED, "rk_test_fake")


def test_a_silent_gateway_is_asked_again_before_the_key_goes(
    connection, leave, fake_gateway, monkeypatch
):
    def silent(reference):
        raise GatewayUnavailable

    monkeypatch.setattr(fake_gateway, "remove_webhook", silent)
    leave()

    with pytest.raises(GatewayUnavailable):
        finish(connection)

    connection.refresh_from_db()
    assert connection.secret_key == "rk_test_fake"


def test_a_revoked_key_keeps_nobody(connection, leave, fake_gateway, monkeypatch):
    def shut(reference):
        raise GatewayShut("api_key_expired", "")

    monkeypatch.setattr(fake_gateway, "remove_webhook", shut)
    leave()

    finish(connection)

    assert connection.state == State.DISCONNECTED


def test_the_sweeper_lets_go_of_what_was_left(connection, leave):
    leave()

    sweep_disconnected()

    connection.refresh_from_db()
    assert connection.state == State.DISCONNECTED
