import json

import pytest
import stripe

from stack.ports import free_port
from tests.stack.test_stripe_standin.conftest import MANY_RETRIES, listening, pay

VERSION = "2026-08-26.dahlia"
KINDS = ["payment_intent.succeeded"]


def listen(api, receiver, events=KINDS):
    return api.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": events, "api_version": VERSION}
    )


def test_an_event_arrives_signed_with_the_secret_of_its_endpoint(api, receiver):
    endpoint = listen(api, receiver)

    intent = pay(api, payment_method="pm_card_visa", metadata={"purchase": "17"})

    body, signature = receiver.take()
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert (event.type, event.data.object.id) == ("payment_intent.succeeded", intent.id)
    assert event.api_version == VERSION
    assert event.data.object.metadata["purchase"] == "17"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_of_someone_else")


def test_the_secret_is_told_only_once(api, receiver):
    endpoint = listen(api, receiver)

    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in api.webhook_endpoints.retrieve(endpoint.id)
    assert "secret" not in api.webhook_endpoints.list().data[0]


def test_an_event_is_sent_again_until_it_is_taken(api, receiver):
    listen(api, receiver)
    receiver.answers.put(500)
    receiver.answers.put(302)

    pay(api, payment_method="pm_card_visa")

    events = {json.loads(receiver.take()[0])["id"] for _ in range(3)}
    assert len(events) == 1


def test_an_event_that_nobody_took_in_time_is_listed_as_undelivered(own_standin, receiver):
    api = own_standin.client("acme").v1
    listen(api, receiver, ["customer.created"])
    for _ in range(4):
        receiver.answers.put(500)

    api.customers.create()
    for _ in range(4):
        event, _ = receiver.take()

    undelivered = api.events.list({"delivery_success": False}).data
    assert [event.id for event in undelivered] == [json.loads(event)["id"]]
    assert api.events.list({"delivery_success": True}).data == []


def test_an_event_waits_through_a_kill_for_its_endpoint(own_standin):
    own_standin.retry_seconds = MANY_RETRIES
    own_standin.restart()
    port = free_port()
    api = own_standin.client("acme").v1
    endpoint = api.webhook_endpoints.create(
        {"url": f"http://127.0.0.1:{port}/hook", "enabled_events": KINDS}
    )
    intent = pay(api, payment_method="pm_card_visa")

    own_standin.restart()
    with listening(port) as receiver:
        body, signature = receiver.take()

    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert event.data.object.id == intent.id


def test_an_endpoint_hears_only_what_it_asked_for_and_while_it_is_there(api, receiver):
    endpoint = listen(api, receiver, ["customer.created"])

    pay(api, payment_method="pm_card_visa")
    heard = api.customers.create().id
    body, _ = receiver.take()
    api.webhook_endpoints.update(endpoint.id, {"disabled": True})
    api.customers.create()
    api.webhook_endpoints.update(endpoint.id, {"disabled": False})
    last = api.customers.create().id
    after, _ = receiver.take()
    api.webhook_endpoints.delete(endpoint.id)

    assert json.loads(body)["data"]["object"]["id"] == heard
    assert json.loads(after)["data"]["object"]["id"] == last
    assert api.webhook_endpoints.list().data == []


def test_every_step_of_a_payment_is_an_event(api):
    customer = api.customers.create().id
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    with pytest.raises(stripe.CardError):
        pay(api, payment_method="pm_card_chargeDeclined")
    api.payment_intents.cancel(pay(api, payment_method="pm_card_authenticationRequired").id)
    intent = pay(api, customer=customer, payment_method=card)
    api.refunds.create({"payment_intent": intent.id, "amount": 500})
    api.payment_methods.detach(card)

    kinds = [event.type for event in api.events.list({"limit": 100}).data][::-1]

    assert kinds == [
        "customer.created",
        "payment_method.attached",
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.canceled",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
        "payment_method.detached",
    ]
    some = api.events.list({"types": ["charge.succeeded", "charge.failed"]}).data
    assert [event.type for event in some] == ["charge.succeeded", "charge.failed"]


def test_an_event_shows_its_object_as_it_was(api):
    intent = pay(api, payment_method="pm_card_visa")

    created = api.events.list({"type": "payment_intent.created"}).data[0]

    assert created.data.object.id == intent.id
    assert created.data.object.status == "requires_confirmation"


def test_only_the_version_that_is_spoken_here_can_be_asked_for(api, receiver):
    with pytest.raises(stripe.InvalidRequestError, match="api_version"):
        api.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": KINDS, "api_version": "2020-08-27"}
        )
