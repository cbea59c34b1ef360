import json
from datetime import timedelta

import pytest
from django_scopes import scope

from payments.gateways.protocol import GatewayShut, GatewayUnavailable, NotPermitted
from payments.models import GatewayConnection, GatewayEvent
from payments.selectors import event_facts
from payments.services.connecting import webhook_url
from payments.services.events import receive_event
from payments.services.health import check_connection, note_refused_event, send_test
from payments.tasks import check_connections
from tests.factories import DISCONNECTED, NOON, ConnectionFactory

SIGNED = {"Fake-Signature": "whsec_fake"}


@pytest.fixture
def connection(db, fake_gateway):
    connection = ConnectionFactory()
    with scope(location=connection.location):
        yield connection


def check(connection, at=NOON):
    check_connection(connection=connection, at=at)
    connection.refresh_from_db()


def receive(connection, at=NOON, **payload):
    body = {"id": "evt_1", "type": "payment_intent.canceled"} | payload
    receive_event(connection=connection, body=json.dumps(body).encode(), headers=SIGNED, at=at)


def test_a_check_writes_down_what_the_gateway_says(connection, fake_gateway):
    fake_gateway.answered_at = NOON - timedelta(seconds=90)

    check(connection)

    assert (connection.account_name, connection.country) == ("Fake", "DE")
    assert (connection.account_currency, connection.charges_enabled) == ("EUR", True)
    assert (connection.clock_offset_seconds, connection.checked_at) == (-90, NOON)


@pytest.mark.parametrize(
    ("refusal", "failure"),
    [
        (GatewayShut("api_key_expired", ""), "key_revoked"),
        (GatewayShut("AuthenticationError", ""), "key_unknown"),
        (NotPermitted("PermissionError", ""), "permission_missing"),
    ],
)
def test_a_check_writes_down_why_the_key_failed_and_forgets_it_when_it_works(
    connection, fake_gateway, monkeypatch, refusal, failure
):
    def refuse():
        raise refusal

    with monkeypatch.context() as patch:
        patch.setattr(fake_gateway, "read_account", refuse)
        check(connection)
    assert (connection.check_failure, connection.account_name) == (failure, "Fake")

    check(connection)
    assert connection.check_failure == ""


def test_a_check_does_not_touch_what_was_left_meanwhile(connection):
    GatewayConnection.objects.update(**DISCONNECTED)

    check(connection)

    assert connection.checked_at is None


def test_a_check_brings_the_webhook_up_to_date_and_makes_one_that_is_gone(connection, fake_gateway):
    fake_gateway.webhooks = {connection.webhook_reference: "https://before.example/hook"}
    check(connection)
    assert fake_gateway.webhooks == {connection.webhook_reference: webhook_url(connection)}

    fake_gateway.webhooks = {}
    check(connection)
    assert list(fake_gateway.webhooks) == [connection.webhook_reference]


def test_a_check_leaves_a_webhook_alone_that_can_not_be_moved(connection, fake_gateway):
    fake_gateway.webhooks, fake_gateway.is_reachable = {}, False

    check(connection)

    assert (connection.check_failure, connection.hears_webhooks) == ("", True)


def test_a_test_has_come_once_its_event_is_stored(connection, fake_gateway):
    send_test(connection=connection, at=NOON)
    connection.refresh_from_db()
    assert event_facts(connection, at=NOON).test_came_at is None

    receive(connection, id="evt_1", test="pi_other")
    assert event_facts(connection, at=NOON).test_came_at is None
    receive(connection, id="evt_2", test=fake_gateway.tests[0], at=NOON + timedelta(seconds=2))

    assert event_facts(connection, at=NOON).test_came_at == NOON + timedelta(seconds=2)


def test_a_test_turns_webhooks_on_once_the_address_can_be_reached(connection, fake_gateway):
    GatewayConnection.objects.update(webhook_secret="")
    connection.refresh_from_db()
    fake_gateway.is_reachable = False
    send_test(connection=connection, at=NOON)
    assert not GatewayConnection.objects.get().hears_webhooks

    fake_gateway.is_reachable = True
    send_test(connection=connection, at=NOON)

    assert GatewayConnection.objects.get().hears_webhooks


def test_no_test_is_sent_with_a_key_that_failed(connection, fake_gateway, monkeypatch):
    def refuse():
        raise GatewayShut("api_key_expired", "")

    monkeypatch.setattr(fake_gateway, "read_account", refuse)
    send_test(connection=connection, at=NOON)

    assert fake_gateway.tests == []
    assert GatewayConnection.objects.get().tested_at is None


def test_wrong_signatures_are_counted(connection):
    note_refused_event(connection=connection, at=NOON)
    note_refused_event(connection=connection, at=NOON + timedelta(hours=1))

    connection.refresh_from_db()
    assert connection.refused_events == 2
    assert connection.event_refused_at == NOON + timedelta(hours=1)


def test_what_came_last_and_what_waits_too_long(connection):
    receive(connection, id="evt_1", type="first")
    receive(connection, id="evt_2", type="second", at=NOON + timedelta(seconds=30))

    facts = event_facts(connection, at=NOON + timedelta(seconds=61))

    assert (facts.last_kind, facts.last_at) == ("second", NOON + timedelta(seconds=30))
    assert facts.waiting == 1


def test_the_hourly_check_goes_on_past_a_silent_gateway(db, fake_gateway, monkeypatch):
    silent, fine = ConnectionFactory(), ConnectionFactory()
    answers = iter([GatewayUnavailable("silent"), fake_gateway.read_account()])

    def read_account():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(fake_gateway, "read_account", read_account)
    check_connections()

    for connection, checked in ((silent, False), (fine, True)):
        with scope(location=connection.location):
            connection.refresh_from_db()
            assert bool(connection.checked_at) is checked
            assert GatewayEvent.objects.count() == 0
