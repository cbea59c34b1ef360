"""The calls of the card form in the browser, as its script makes them."""

import json

import pytest

from tests.stack.test_stripe_standin.conftest import fetch, pay

CARD = {"exp_month": "12", "exp_year": "2034", "cvc": "123"}


@pytest.fixture
def secret(api, customer):
    return api.setup_intents.create(
        {"customer": customer, "payment_method_types": ["card"]}
    ).client_secret


def call(base, path, secret, **body):
    """Post as the script does: JSON as plain text, with the publishable key in it."""
    sent = {"key": "pk_test_abcd1234", "use_stripe_sdk": True, "client_secret": secret} | body
    status, text, headers = fetch(
        f"{base}{path}",
        method="POST",
        body=json.dumps(sent),
        Origin="http://127.0.0.1:8000",
        **{"Content-Type": "text/plain;charset=UTF-8"},
    )
    assert headers["Access-Control-Allow-Origin"] == "*"
    return status, json.loads(text)


def confirm(base, secret, number):
    address = {"address": {"postal_code": "10115"}}
    shown = {"type": "card", "card": {"number": number, **CARD}, "billing_details": address}
    return call(base, setup_path(secret, "confirm"), secret, payment_method_data=shown)


def setup_path(secret, verb):
    return f"/v1/setup_intents/{secret.partition('_secret_')[0]}/{verb}"


@pytest.fixture(params=["account", "root"])
def base(request, shared_standin, account):
    """The script may be loaded under the account, or from the root, which finds the account."""
    return shared_standin.base(account) if request.param == "account" else shared_standin.root


def test_the_script_is_served_where_its_calls_go(base):
    status, text, headers = fetch(f"{base}/js.stripe.com/v3/")

    assert status == 200
    assert headers["Content-Type"].startswith("text/javascript")
    assert "confirmCardSetup" in text


def test_a_card_is_set_up_from_the_browser(base, api, secret, customer):
    status, intent = confirm(base, secret, "4242424242424242")

    assert (status, intent["status"]) == (200, "succeeded")
    kept = api.payment_methods.list({"customer": customer}).data
    assert [card.billing_details.address.postal_code for card in kept] == ["10115"]


def test_the_3d_secure_window_is_passed_by_confirming_again(base, secret):
    _, parked = confirm(base, secret, "4000002500003155")

    _, intent = call(base, setup_path(secret, "confirm"), secret)

    assert (parked["status"], intent["status"]) == ("requires_action", "succeeded")


def test_the_3d_secure_window_is_failed_by_cancelling(base, api, secret, customer):
    confirm(base, secret, "4000002500003155")

    status, intent = call(base, setup_path(secret, "cancel"), secret)

    assert (status, intent["status"]) == (200, "requires_payment_method")
    assert intent["last_setup_error"]["code"] == "setup_intent_authentication_failure"
    assert api.payment_methods.list({"customer": customer}).data == []


def test_a_declined_card_is_answered_with_the_reason(base, secret):
    status, body = confirm(base, secret, "4000000000009995")

    assert (status, body["error"]["decline_code"]) == (402, "insufficient_funds")


@pytest.mark.parametrize(("success", "status"), [("true", "succeeded"), ("false", None)])
def test_the_window_of_a_payment_is_answered(base, api, success, status):
    intent = pay(api, payment_method="pm_card_authenticationRequired")

    path = f"/v1/payment_intents/{intent.id}/_authenticate?success={success}"
    _, body = call(base, path, intent.client_secret)

    assert body.get("status") == status
    assert ("error" in body) == (status is None)


def test_an_intent_opens_only_to_its_own_secret(base, api, secret):
    other = api.setup_intents.create({"payment_method_types": ["card"]}).client_secret
    path = setup_path(secret, "confirm")

    refused = [call(base, path, wrong)[0] for wrong in (other, "", f"{secret}x", "é")]

    assert refused == [400, 400, 400, 400]


def test_a_browser_may_ask_first(shared_standin, account):
    status, _, headers = fetch(
        f"{shared_standin.base(account)}/v1/setup_intents/seti_1/confirm",
        method="OPTIONS",
        Origin="http://127.0.0.1:8000",
        **{"Access-Control-Request-Headers": "content-type"},
    )

    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Headers"] == "content-type"
