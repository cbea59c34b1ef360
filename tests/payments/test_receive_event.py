import json
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from payments.gateways.protocol import EventNotGenuine
from payments.models import GatewayConnection, GatewayEvent
from payments.services.events import receive_event
from tests.factories import DISCONNECTED, NOON, ConnectionFactory
from tests.racing import race

SIGNED = {"Fake-Signature": "whsec_fake"}
BODY = json.dumps({"id": "evt_1", "type": "payment_intent.succeeded", "key": ""}).encode()


@pytest.fixture
def gateway(db, fake_gateway):
    gateway = ConnectionFactory()
    with scope(location=gateway.location):
        yield gateway


@pytest.fixture
def no_worker(monkeypatch):
    """What would have been sent to the queue."""
    sent = []
    monkeypatch.setattr(
        "payments.views.webhooks.process_gateway_event.delay", lambda **facts: sent.append(facts)
    )
    return sent


def receive(gateway, body=BODY, headers=SIGNED):
    return receive_event(connection=gateway, body=body, headers=headers, at=NOON)


def test_a_genuine_event_is_kept_as_it_came(gateway):
    event = receive(gateway)

    assert (event.reference, event.kind) == ("evt_1", "payment_intent.succeeded")
    assert event.payload == json.loads(BODY)
    assert (event.location, event.processed_at) == (gateway.location, None)


def test_an_event_is_kept_once(gateway):
    assert receive(gateway) == receive(gateway)


def test_the_same_event_of_another_connection_is_another(gateway):
    other = ConnectionFactory()
    receive(gateway)

    with scope(location=other.location):
        receive(other)

    with scopes_disabled():
        assert GatewayEvent.objects.count() == 2


@pytest.mark.parametrize("headers", [{}, {"Fake-Signature": "wrong"}])
def test_a_forged_event_is_not_kept(gateway, headers):
    with pytest.raises(EventNotGenuine):
        receive(gateway, headers=headers)

    assert GatewayEvent.objects.count() == 0


def test_nobody_signs_with_an_empty_secret(gateway):
    gateway.webhook_secret = ""

    with pytest.raises(EventNotGenuine):
        receive(gateway, headers={"Fake-Signature": ""})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payments_gatewayevent SET payload = '{}'",
        "DELETE FROM payments_gatewayevent",
        "TRUNCATE payments_gatewayevent",
    ],
)
def test_a_kept_event_can_not_be_changed_or_removed(gateway, statement):
    receive(gateway)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_ten_deliveries_at_once_keep_one_event(fake_gateway):
    gateway = ConnectionFactory()

    answers = race(gateway.location, [partial(receive, gateway)] * 10)

    assert len({event.pk for event in answers}) == 1, answers


def deliver(client, gateway, body=BODY, **headers):
    return client.post(
        reverse("payments:webhook", args=[gateway.gateway, gateway.key]),
        body,
        content_type="application/json",
        headers=headers or SIGNED,
    )


def test_a_webhook_is_kept_answered_and_handed_on(client, gateway, no_worker):
    assert deliver(client, gateway).status_code == 200

    event = GatewayEvent.objects.get()
    assert no_worker == [{"location_id": gateway.location_id, "event_id": event.pk}]


def test_a_webhook_is_answered_although_the_broker_is_down(client, gateway, monkeypatch):
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    def down(**_facts):
        raise OperationalError

    monkeypatch.setattr("payments.views.webhooks.process_gateway_event.delay", down)

    assert deliver(client, gateway).status_code == 200
    assert GatewayEvent.objects.count() == 1


def test_a_webhook_that_was_processed_is_not_handed_on_again(client, gateway, no_worker):
    deliver(client, gateway)
    GatewayEvent.objects.update(processed_at=NOON)

    assert deliver(client, gateway).status_code == 200
    assert len(no_worker) == 1


def test_a_forged_webhook_is_refused(client, gateway, no_worker):
    assert deliver(client, gateway, **{"Fake-Signature": "wrong"}).status_code == 400
    assert (no_worker, GatewayEvent.objects.count()) == ([], 0)
    gateway.refresh_from_db()
    assert (gateway.refused_events, bool(gateway.event_refused_at)) == (1, True)


def test_one_location_s_signature_opens_no_other_location_s_address(client, gateway, no_worker):
    other = ConnectionFactory(webhook_secret="whsec_other")

    assert deliver(client, other).status_code == 400


def test_a_gateway_that_was_left_is_heard_until_its_secret_is_erased(client, gateway, no_worker):
    GatewayConnection.objects.update(**DISCONNECTED)
    assert deliver(client, gateway).status_code == 200

    GatewayConnection.objects.update(state="disconnected", secret_key="", webhook_secret="")
    assert deliver(client, gateway).status_code == 400


def test_a_webhook_of_an_enormous_size_is_not_read(client, gateway):
    assert deliver(client, gateway, body=b" " * 300_000).status_code == 413


def test_an_unknown_address_is_not_found(client, gateway):
    gateway.key = "00000000-0000-0000-0000-000000000000"

    assert deliver(client, gateway).status_code == 404
