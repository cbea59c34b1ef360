"""What only time does; the request says when it came."""

import json
from urllib.parse import urlencode

import pytest

from stack.stripe_standin.api import Arrival, answer
from stack.stripe_standin.store import Store

NOON = 1_795_348_800
DAY_SECONDS = 86_400
SALE = {"amount": 900, "currency": "eur", "confirm": "true", "payment_method_types[]": "card"}


@pytest.fixture
def post(tmp_path):
    store = Store(tmp_path / "standin.sqlite3")

    def send(path, *, at, key=None, **form):
        arrival = Arrival(
            account="acme",
            method="POST",
            path=path,
            query="",
            body=urlencode(form),
            authorization="Bearer sk_test_standin",
            stripe_account=None,
            idempotency_key=key,
            request_id="req_1",
            at=at,
        )
        return json.loads(answer(store, arrival).body)

    yield send
    store.close()


def test_an_idempotency_key_is_forgotten_after_a_day(post):
    sale = SALE | {"payment_method": "pm_card_visa"}

    first = post("/v1/payment_intents", at=NOON, key="purchase-1", **sale)
    same = post("/v1/payment_intents", at=NOON + DAY_SECONDS - 1, key="purchase-1", **sale)
    other = post("/v1/payment_intents", at=NOON + DAY_SECONDS, key="purchase-1", **sale)

    assert same["id"] == first["id"]
    assert other["id"] != first["id"]


def test_a_saved_card_expires(post):
    customer = post("/v1/customers", at=NOON)["id"]
    card = post("/v1/payment_methods/pm_card_visa/attach", at=NOON, customer=customer)
    sale = SALE | {"customer": customer, "payment_method": card["id"]}

    last_month = post("/v1/payment_intents", at=NOON + 4 * 365 * DAY_SECONDS, **sale)
    too_late = post("/v1/payment_intents", at=NOON + 5 * 365 * DAY_SECONDS, **sale)

    assert last_month["status"] == "succeeded"
    assert too_late["error"]["code"] == "expired_card"
