"""What keys are taken, asked of the stand-in over HTTP as Stripe would be asked."""

import pytest
import stripe

from payments.gateways.protocol import (
    AddressUnreachable,
    Credentials,
    GatewayShut,
    GatewayUnavailable,
    KeyRefused,
)
from payments.gateways.stripe import PERMISSIONS, StripeGateway, new_key_url
from payments.gateways.stripe.adapter import API_VERSION, EVENTS
from tests.stack.test_stripe_standin.conftest import shared_standin  # noqa: F401

PUBLISHABLE, RESTRICTED = "pk_test_harbour_loft_demo", "rk_test_harbour_loft_demo"


@pytest.fixture
def gateway(shared_standin):  # noqa: F811
    """The adapter at the stand-in's root, where a key says whose it is."""

    def with_keys(restricted=RESTRICTED, publishable=PUBLISHABLE, base=""):
        return StripeGateway(Credentials("", publishable, restricted, base or shared_standin.root))

    return with_keys


def refusal_of(gateway, currency="EUR"):
    with pytest.raises(KeyRefused) as caught:
        gateway.check_keys(currency=currency)
    return (caught.value.field, caught.value.code)


def test_two_good_keys_name_their_account(gateway):
    account = gateway().check_keys(currency="EUR")

    assert account.reference.startswith("acct_")
    assert (account.name, account.country, account.currency) == ("Harbour Loft", "DE", "EUR")
    assert (account.livemode, account.charges_enabled) == (False, True)
    assert account.answered_at.tzinfo


def test_a_secret_test_key_is_taken_with_advice(gateway):
    secret = gateway("sk_test_harbour_loft_demo")

    assert secret.check_keys(currency="EUR").name == "Harbour Loft"
    assert secret.advice == "secret_in_test_mode"
    assert gateway().advice == ""


@pytest.mark.parametrize(
    ("restricted", "publishable", "refusal"),
    [
        ("", PUBLISHABLE, ("secret_key", "not_restricted")),
        ("nonsense", PUBLISHABLE, ("secret_key", "not_restricted")),
        (PUBLISHABLE, PUBLISHABLE, ("secret_key", "not_restricted")),
        (RESTRICTED, RESTRICTED, ("publishable_key", "not_publishable")),
        (RESTRICTED, "pk_test_x\n", ("publishable_key", "not_publishable")),
        ("sk_live_abcdef", "pk_live_abcdef", ("secret_key", "secret_in_live_mode")),
        ("rk_live_abcdef", PUBLISHABLE, ("secret_key", "keys_of_two_modes")),
        ("rk_live_abcdef", "pk_live_abcdef", ("secret_key", "key_unknown")),
        (f"{RESTRICTED}_revoked", PUBLISHABLE, ("secret_key", "key_revoked")),
        (RESTRICTED, "pk_test_garden_demo", ("publishable_key", "keys_of_two_accounts")),
        (RESTRICTED, f"{PUBLISHABLE}_revoked", ("publishable_key", "key_revoked")),
    ],
)
def test_a_key_that_is_not_good_is_refused_at_its_field(gateway, restricted, publishable, refusal):
    assert refusal_of(gateway(restricted, publishable)) == refusal


def test_all_missing_permissions_are_named_at_once(gateway):
    lacking = gateway(f"{RESTRICTED}_nopermission_customers_webhook_endpoints")

    with pytest.raises(KeyRefused) as caught:
        lacking.check_keys(currency="EUR")

    assert caught.value.code == "permission_missing"
    assert caught.value.missing == ("Customers: Write", "Webhook Endpoints: Write")


@pytest.mark.parametrize(
    "resource",
    [
        *("customers", "events", "payment_intents", "payment_methods", "setup_intents"),
        "webhook_endpoints",
    ],
)
def test_each_permission_is_asked_for(gateway, resource):
    lacking = gateway(f"{RESTRICTED}_nopermission_{resource}")

    assert refusal_of(lacking) == ("secret_key", "permission_missing")


def test_a_key_that_may_not_read_the_account_is_refused_where_nothing_names_it(gateway):
    assert refusal_of(gateway(f"{RESTRICTED}_nopermission_account")) == (
        "secret_key",
        "permission_missing",
    )


def test_a_currency_that_the_account_can_not_charge_is_refused(gateway):
    assert refusal_of(gateway(), currency="XTS") == ("secret_key", "currency_not_supported")


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD", "ISK", "IDR"])
def test_currencies_of_every_exponent_are_tried(gateway, currency):
    gateway().check_keys(currency=currency)


def test_checking_leaves_no_payment_and_no_webhook(gateway, shared_standin):  # noqa: F811
    gateway().check_keys(currency="EUR")

    api = shared_standin.client("harbour-loft", RESTRICTED).v1
    assert {it.status for it in api.payment_intents.list().data} == {"canceled"}
    assert {it.status for it in api.setup_intents.list().data} == {"canceled"}
    assert api.charges.list().data == []


def test_a_test_is_an_event_of_the_charge_that_it_names(gateway, shared_standin):  # noqa: F811
    webhook = gateway().create_webhook(url="http://127.0.0.1:9/hook")

    reference = gateway().send_test(currency="EUR")

    api = shared_standin.client("harbour-loft", RESTRICTED).v1
    event = api.events.list({"type": "payment_intent.canceled"}).data[0]
    assert event.data.object["id"] == reference
    assert gateway().read_event(event.to_dict()).charge.reference == reference
    gateway().remove_webhook(webhook.reference)


def test_a_webhook_is_pinned_and_removed_once_or_twice(gateway, shared_standin):  # noqa: F811
    api = shared_standin.client("harbour-loft", RESTRICTED).v1

    webhook = gateway().create_webhook(url="http://127.0.0.1:9/hook")

    made = api.webhook_endpoints.retrieve(webhook.reference)
    assert (made.api_version, made.enabled_events) == (API_VERSION, EVENTS)
    assert webhook.secret.startswith("whsec_")
    gateway().remove_webhook(webhook.reference)
    gateway().remove_webhook(webhook.reference)
    with pytest.raises(stripe.InvalidRequestError):
        api.webhook_endpoints.retrieve(webhook.reference)


@pytest.mark.parametrize("host", ["10.0.0.7", "192.168.1.5", "desk.local", "desk.internal"])
def test_an_address_of_a_private_network_can_not_be_reached(gateway, host):
    with pytest.raises(AddressUnreachable):
        gateway().create_webhook(url=f"http://{host}/webhooks/stripe/1/")


def test_a_key_that_stops_working_says_so(gateway):
    with pytest.raises(GatewayShut, match="revoked"):
        gateway(f"{RESTRICTED}_revoked").read_account()


def test_a_gateway_that_is_not_there_is_not_a_wrong_key(gateway):
    with pytest.raises(GatewayUnavailable):
        gateway(base="http://127.0.0.1:9").check_keys(currency="EUR")


def test_a_new_key_is_made_with_all_permissions_ticked():
    test, live = new_key_url(live=False), new_key_url(live=True)

    assert test.startswith("https://dashboard.stripe.com/test/apikeys/create?")
    assert live.startswith("https://dashboard.stripe.com/apikeys/create?")
    assert all(permission.name in live for permission in PERMISSIONS)
