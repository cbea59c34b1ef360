"""Each switch of the stand-in, heard by the library as it would be at Stripe."""

import json
import time

import pytest
import requests
import stripe

from tests.stack.test_stripe_standin.conftest import PATIENCE_SECONDS, fetch, pay

KINDS = ["payment_intent.created", "payment_intent.succeeded"]


@pytest.fixture
def switch(shared_standin, account):
    """Set a fault of the account: `switch("lost", times=3)`."""

    def set_one(fault, **given):
        answer = requests.post(
            f"{shared_standin.base(account)}/_faults",
            data={"fault": fault, **given},
            timeout=PATIENCE_SECONDS,
        )
        return answer.status_code, answer.json()

    return set_one


@pytest.fixture
def listening_to_all(api, receiver):
    api.webhook_endpoints.create({"url": receiver.url, "enabled_events": KINDS})
    return receiver


def key(text):
    return {"idempotency_key": text}


@pytest.mark.parametrize("fault", ["lost", "garbage"])
def test_the_money_moves_and_the_answer_does_not_come(api, switch, book, fault):
    switch(fault)

    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        pay(api, payment_method="pm_card_visa", options=key("purchase-1"))

    assert len(book()["data"]) == 1
    again = pay(api, payment_method="pm_card_visa", options=key("purchase-1"))
    assert again.status == "succeeded"
    assert len(book()["data"]) == 1


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ("429", stripe.RateLimitError),
        ("500", stripe.APIError),
        ("reset", stripe.APIConnectionError),
    ],
)
def test_nothing_happens_and_the_key_stays_free(api, switch, book, fault, heard):
    switch(fault)

    with pytest.raises(heard):
        pay(api, payment_method="pm_card_visa", options=key("purchase-1"))

    assert book()["data"] == []
    pay(api, payment_method="pm_card_visa", options=key("purchase-1"))
    assert len(book()["data"]) == 1


def test_a_slow_answer_comes_in_the_end(api, switch, book):
    switch("slow", seconds=1)
    begun = time.monotonic()

    intent = pay(api, payment_method="pm_card_visa")

    assert intent.status == "succeeded"
    assert time.monotonic() - begun >= 1


def test_a_fault_is_over_when_it_is_used_up_or_cleared(api, switch, shared_standin, account):
    switch("500", times=2)
    switch("lost", times=7)
    faults = f"{shared_standin.base(account)}/_faults"
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            pay(api, payment_method="pm_card_visa")

    left = json.loads(fetch(faults)[1])["data"]
    cleared = json.loads(fetch(faults, method="DELETE")[1])["data"]

    assert [(it["fault"], it["left"]) for it in left] == [("lost", 7)]
    assert cleared == []
    assert pay(api, payment_method="pm_card_visa").status == "succeeded"


def test_only_the_calls_that_it_is_for_go_wrong(api, switch):
    switch("500", times=1, calls="GET /v1/payment_intents/")

    intent = pay(api, payment_method="pm_card_visa")

    with pytest.raises(stripe.APIError):
        api.payment_intents.retrieve(intent.id)
    assert api.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_neighbour_s_calls_go_well(shared_standin, account, switch):
    switch("500", times=5)

    neighbour = shared_standin.client(f"{account}-neighbour").v1

    assert pay(neighbour, payment_method="pm_card_visa").status == "succeeded"


def test_a_duplicated_webhook_comes_five_times(api, switch, listening_to_all):
    switch("duplicated")

    pay(api, payment_method="pm_card_visa")

    taken = [json.loads(listening_to_all.take()[0])["id"] for _ in range(6)]
    assert sorted(taken.count(event) for event in set(taken)) == [1, 5]


def test_a_late_webhook_comes_later(api, switch, listening_to_all):
    switch("late", times=2, seconds=1)
    begun = time.monotonic()

    pay(api, payment_method="pm_card_visa")

    listening_to_all.take()
    assert time.monotonic() - begun >= 0.9


def test_shuffled_webhooks_come_the_other_way_round(api, switch, listening_to_all):
    switch("shuffled", times=2)

    pay(api, payment_method="pm_card_visa")

    kinds = [json.loads(listening_to_all.take()[0])["type"] for _ in range(2)]
    assert kinds == KINDS[::-1]


def test_a_dropped_webhook_does_not_come_and_is_listed_as_undelivered(
    api, switch, listening_to_all
):
    switch("dropped")

    pay(api, payment_method="pm_card_visa")

    assert json.loads(listening_to_all.take()[0])["type"] == KINDS[1]
    [missed] = api.events.list({"delivery_success": False}).data
    assert missed.type == KINDS[0]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"fault": "earthquake"}, "fault"),
        ({"fault": ""}, "fault"),
        ({"fault": "lost", "times": "many"}, "times"),
        ({"fault": "lost", "times": "-1"}, "times"),
        ({"fault": "slow", "seconds": "1e9"}, "seconds"),
        ({"fault": "slow", "calls[0]": "GET"}, "calls"),
    ],
)
def test_what_is_no_fault_is_refused_in_words(switch, given, wrong):
    status, said = switch(**given)

    assert status == 400
    assert said["error"]["param"] == wrong


def test_faults_are_set_on_the_dashboard(shared_standin, account, api):
    dashboard = f"{shared_standin.base(account)}/dashboard"

    status, page, _ = fetch(f"{dashboard}/fault/429", method="POST", body="times=3")

    assert status == 200
    assert 'value="3"' in page
    with pytest.raises(stripe.RateLimitError):
        pay(api, payment_method="pm_card_visa")


def test_another_site_can_not_set_a_fault(shared_standin, account):
    evil = {"Origin": "http://evil.example"}

    faults = f"{shared_standin.base(account)}/_faults"

    assert fetch(faults, method="POST", body="fault=lost", **evil)[0] == 403
    assert json.loads(fetch(faults)[1])["data"] == []
