from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.stack.test_stripe_standin.conftest import pay


def key(text):
    return {"idempotency_key": text}


def test_the_same_request_again_gives_the_first_answer(api):
    first = pay(api, payment_method="pm_card_visa", options=key("purchase-1"))
    again = pay(api, payment_method="pm_card_visa", options=key("purchase-1"))

    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(api.charges.list().data) == 1


def test_a_key_cannot_be_used_for_something_else(api):
    pay(api, payment_method="pm_card_visa", options=key("purchase-1"))

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        pay(api, amount=1600, payment_method="pm_card_visa", options=key("purchase-1"))
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.customers.create({}, key("purchase-1"))
    assert len(api.charges.list().data) == 1


def test_a_decline_is_repeated(api):
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            pay(api, payment_method="pm_card_chargeDeclined", options=key("purchase-1"))

    assert caught.value.headers["Idempotent-Replayed"] == "true"
    assert len(api.charges.list().data) == 1


def test_a_refused_request_leaves_its_key_free(api):
    with pytest.raises(stripe.InvalidRequestError):
        pay(api, amount=1, payment_method="pm_card_visa", options=key("purchase-1"))

    assert pay(api, payment_method="pm_card_visa", options=key("purchase-1")).status == "succeeded"


def test_a_key_has_at_most_255_characters(api):
    with pytest.raises(stripe.InvalidRequestError, match="255"):
        pay(api, payment_method="pm_card_visa", options=key("k" * 256))

    assert pay(api, payment_method="pm_card_visa", options=key("k" * 255)).status == "succeeded"


def test_a_key_belongs_to_one_account(shared_standin, account, api):
    neighbour = shared_standin.client(f"{account}-neighbour").v1

    first = pay(api, payment_method="pm_card_visa", options=key("purchase-1"))
    other = pay(neighbour, payment_method="pm_card_visa", options=key("purchase-1"))

    assert first.id != other.id


def test_twenty_at_once_with_one_key_are_one_charge(shared_standin, account, api):
    def attempt(_):
        client = shared_standin.client(account).v1
        return pay(client, payment_method="pm_card_visa", options=key("purchase-1")).id

    with ThreadPoolExecutor(20) as pool:
        intents = set(pool.map(attempt, range(20)))

    assert len(intents) == 1
    assert len(api.charges.list().data) == 1
