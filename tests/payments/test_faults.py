"""What the adapter makes of each fault, heard from the stand-in over HTTP as from Stripe."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import requests

from payments.gateways.protocol import (
    ChargeRequest,
    ChargeState,
    Credentials,
    GatewayUnavailable,
    NotPermitted,
)
from payments.gateways.stripe import StripeGateway
from tests.stack.test_stripe_standin.conftest import set_up, shared_standin  # noqa: F401

TRIES = 3  # the library's own: one and two again
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def base(shared_standin):  # noqa: F811
    return shared_standin.base(f"faults-{uuid4().hex[:8]}")


@pytest.fixture
def gateway(base, settings):
    settings.STRIPE_TIMEOUT_SECONDS = 1
    return StripeGateway(Credentials("", "pk_test_faults", "rk_test_faults", base))


@pytest.fixture
def request_of(gateway, base, shared_standin):  # noqa: F811
    """A charge of a card that is set up: the same request for the same key."""
    customer = gateway.create_customer(name="Ann", email="ann@example.com", key="customer-1")
    card = set_up(shared_standin.client(base.rsplit("/", 1)[1]).v1, customer, "visa")

    def request(key):
        return ChargeRequest(
            amount_minor=1200,
            currency="EUR",
            customer=customer,
            card=card,
            key=key,
            description="10 credits",
        )

    return request


@pytest.fixture
def switch(base):
    """Set a fault; without one, mend all."""

    def turn(fault="", **given):
        if fault:
            requests.post(f"{base}/_faults", data={"fault": fault, **given}, timeout=5)
        else:
            requests.delete(f"{base}/_faults", timeout=5)

    return turn


@pytest.fixture
def moved(base):
    """How often money has moved."""
    return lambda: len(requests.get(f"{base}/_book", timeout=5).json()["data"])


@pytest.mark.parametrize("fault", ["lost", "slow", "garbage"])
def test_an_answer_that_does_not_come_is_unknown_and_a_resend_hears_it(
    gateway, request_of, switch, moved, fault
):
    switch(fault, times=TRIES, **({"seconds": 2} if fault == "slow" else {}))

    with pytest.raises(GatewayUnavailable):
        gateway.charge(request_of("key-1"))

    assert moved() == 1
    switch()
    assert gateway.charge(request_of("key-1")).state is ChargeState.SUCCEEDED
    assert moved() == 1


def test_a_silence_is_waited_for_once(gateway, request_of, switch, base):
    switch("slow", times=TRIES, seconds=2)

    with pytest.raises(GatewayUnavailable):
        gateway.charge(request_of("key-1"))

    left = requests.get(f"{base}/_faults", timeout=5).json()["data"]
    assert [fault["left"] for fault in left] == [TRIES - 1]


@pytest.mark.parametrize("fault", ["429", "500", "reset"])
def test_a_gateway_that_does_nothing_is_not_heard_either(gateway, request_of, switch, moved, fault):
    switch(fault, times=TRIES)

    with pytest.raises(GatewayUnavailable):
        gateway.charge(request_of("key-1"))

    assert moved() == 0
    switch()
    assert gateway.charge(request_of("key-1")).state is ChargeState.SUCCEEDED
    assert moved() == 1


@pytest.mark.parametrize("fault", ["lost", "garbage", "429", "500", "reset"])
def test_a_charge_that_can_not_be_read_is_unknown(gateway, request_of, switch, fault):
    outcome = gateway.charge(request_of("key-1"))
    switch(fault, times=TRIES, calls="GET /v1/payment_intents")

    with pytest.raises(GatewayUnavailable):
        gateway.read_charge(outcome.reference)
    switch(fault, times=TRIES, calls="GET /v1/payment_intents")
    with pytest.raises(GatewayUnavailable):
        find(gateway, request_of, "key-1")


def find(gateway, request_of, key):
    since = datetime.now(UTC) - AN_HOUR
    return gateway.find_charge(customer=request_of(key).customer, key=key, since=since)


def test_a_charge_whose_answer_was_lost_is_found_by_its_key(gateway, request_of, switch):
    gateway.charge(request_of("key-1"))
    switch("lost", times=TRIES)
    with pytest.raises(GatewayUnavailable):
        gateway.charge(request_of("key-2"))
    gateway.charge(request_of("key-3"))

    found = find(gateway, request_of, "key-2")

    assert (found.key, found.state, found.amount_minor) == ("key-2", ChargeState.SUCCEEDED, 1200)


def test_a_charge_that_never_arrived_is_not_found(gateway, request_of, switch):
    gateway.charge(request_of("key-1"))
    switch("reset", times=TRIES)
    with pytest.raises(GatewayUnavailable):
        gateway.charge(request_of("key-2"))

    assert find(gateway, request_of, "key-2") is None


def test_a_charge_on_a_later_page_is_found(gateway, request_of, monkeypatch):
    monkeypatch.setattr("payments.gateways.stripe.looking.PAGE", 1)
    for number in range(3):
        gateway.charge(request_of(f"key-{number}"))

    assert find(gateway, request_of, "key-0").key == "key-0"


def test_events_that_were_dropped_are_told_when_asked_for_oldest_first(gateway, request_of, switch):
    gateway.create_webhook(url="http://127.0.0.1:9/hook")
    switch("dropped", times=2)
    for number in range(2):
        gateway.charge(request_of(f"key-{number}"))

    missed = gateway.missed_events(since=datetime.now(UTC) - AN_HOUR)

    told = [gateway.read_event(payload) for payload in missed]
    assert [event.kind for event in told] == ["payment_intent.succeeded"] * 2
    assert [event.charge.key for event in told] == ["key-0", "key-1"]
    assert gateway.missed_events(since=datetime.now(UTC) + AN_HOUR) == []


def test_a_key_that_may_not_read_events_says_so(base):
    key = "rk_test_nopermission_events"

    with pytest.raises(NotPermitted):
        StripeGateway(Credentials("", "pk_test_faults", key, base)).missed_events(
            since=datetime.now(UTC)
        )
