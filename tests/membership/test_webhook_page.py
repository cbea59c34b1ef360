import json
from uuid import uuid4

import pytest
from django.urls import reverse
from django_scopes import scopes_disabled
from kombu.exceptions import OperationalError

from membership.models import Purchase
from membership.services.paying import pay_charge
from payments.gateways.protocol import ChargeState
from payments.models import GatewayEvent
from payments.tasks import process_gateway_event, sweep_events
from payments.views.webhooks import LARGEST_EVENT
from tests.factories import NOON, pending_purchase


@pytest.fixture
def purchase(card_that, fake_gateway):
    """Paid at the bank; Deskmint hasn't heard."""
    purchase = pending_purchase(card=card_that("needs_action"))
    pay_charge(charge=purchase.charge, at=NOON)
    fake_gateway.finish_action("pi_1", ChargeState.SUCCEEDED)
    return purchase


@pytest.fixture
def asked(monkeypatch):
    """Which events the worker is asked to process."""
    heard = []
    monkeypatch.setattr(process_gateway_event, "delay", lambda **ids: heard.append(ids))
    return heard


@pytest.fixture
def send(client, card, asked):
    """Send the connection's webhook a body, signed by its secret unless told otherwise."""

    def post(body, *, secret=card.connection.webhook_secret, key=card.connection.key, **facts):
        where = reverse("payments:webhook", args=[facts.get("gateway", "stripe"), key])
        return client.post(where, body, content_type="application/json", HTTP_FAKE_SIGNATURE=secret)

    return post


def event(purchase, reference="evt_1"):
    return json.dumps(
        {"id": reference, "type": "payment_intent.succeeded", "key": str(purchase.key)}
    )


def test_a_genuine_event_is_kept_and_handed_to_the_worker(purchase, send, asked):
    response = send(event(purchase))

    kept = GatewayEvent.objects.get()
    assert response.status_code == 200
    assert response.content == b""
    assert asked == [{"location_id": purchase.location_id, "event_id": kept.pk}]
    assert kept.processed_at is None


def test_the_worker_completes_the_purchase_of_the_event_once(
    purchase, send, asked, invariants_hold
):
    send(event(purchase))
    for _ in range(2):
        process_gateway_event(**asked[0])

    purchase.refresh_from_db()
    assert purchase.state == Purchase.State.COMPLETED
    assert GatewayEvent.objects.get().processed_at
    invariants_hold()


def test_an_event_that_comes_twice_is_kept_once(purchase, send, asked):
    assert {send(event(purchase)).status_code for _ in range(2)} == {200}

    assert GatewayEvent.objects.count() == 1


def test_an_event_that_comes_again_after_its_work_wakes_nobody(purchase, send, asked):
    send(event(purchase))
    process_gateway_event(**asked[0])

    send(event(purchase))

    assert len(asked) == 1


@pytest.mark.parametrize("secret", ["", "whsec_wrong"])
def test_a_wrong_signature_is_refused_and_nothing_kept(purchase, send, asked, secret):
    assert send(event(purchase), secret=secret).status_code == 400

    assert not GatewayEvent.objects.exists()
    assert asked == []


def test_a_body_that_is_too_large_is_not_read(purchase, send):
    assert send(" " * (LARGEST_EVENT + 1)).status_code == 413

    assert not GatewayEvent.objects.exists()


def test_with_the_broker_down_the_event_is_kept_and_the_sweeper_takes_it(
    purchase, send, monkeypatch
):
    def down(**_ids):
        raise OperationalError("no broker")

    monkeypatch.setattr(process_gateway_event, "delay", down)
    assert send(event(purchase)).status_code == 200

    with scopes_disabled():
        sweep_events()

    purchase.refresh_from_db()
    assert purchase.state == Purchase.State.COMPLETED


def test_an_unknown_connection_is_not_there(purchase, send):
    assert send(event(purchase), key=uuid4()).status_code == 404
    assert send(event(purchase), gateway="paypal").status_code == 404


def test_a_webhook_is_posted_and_needs_no_session(purchase, client, send):
    where = reverse("payments:webhook", args=["stripe", purchase.charge.connection.key])

    assert client.get(where).status_code == 405
    assert "Set-Cookie" not in send(event(purchase)).headers
