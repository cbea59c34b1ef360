import base64
import signal

import pytest
import stripe

from tests.stack.test_stripe_standin.conftest import fetch, pay, set_up


def test_an_account_sees_nothing_of_another(shared_standin, account, api, customer):
    neighbour = shared_standin.client(f"{account}-neighbour").v1

    assert neighbour.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        neighbour.customers.retrieve(customer)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        pay(neighbour, customer=customer, payment_method="pm_card_visa")
    assert neighbour.accounts.retrieve_current().id != api.accounts.retrieve_current().id


def test_an_account_is_where_its_name_says(shared_standin):
    british = shared_standin.client("harbour-gb").v1.accounts.retrieve_current()
    german = shared_standin.client("hafen").v1.accounts.retrieve_current()

    assert (british.country, british.default_currency) == ("GB", "gbp")
    assert (german.country, german.default_currency) == ("DE", "eur")


def test_a_killed_standin_starts_again_with_all_it_knew(own_standin):
    api = own_standin.client("acme").v1
    customer = api.customers.create().id
    card = set_up(api, customer, "visa")
    first = pay(api, customer=customer, payment_method=card, options={"idempotency_key": "p1"})

    own_standin.restart()

    again = pay(api, customer=customer, payment_method=card, options={"idempotency_key": "p1"})
    assert again.id == first.id
    assert len(api.charges.list().data) == 1
    assert pay(api, customer=customer, payment_method=card).status == "succeeded"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(own_standin, how):
    own_standin.client("acme").v1.customers.create()

    assert own_standin.end(how) == 0


@pytest.mark.parametrize("key", ["nonsense", "sk_test_", "sk_live_abcdef", "rk_test_revoked1"])
def test_a_bad_key_opens_nothing(shared_standin, account, key):
    with pytest.raises(stripe.AuthenticationError) as caught:
        shared_standin.client(account, key).v1.accounts.retrieve_current()

    assert key not in str(caught.value) or "_" not in key


def test_a_request_without_a_key_is_told_so(shared_standin, account):
    status, text, _ = fetch(f"{shared_standin.base(account)}/v1/account")

    assert status == 401
    assert "You did not provide an API key" in text


def test_a_restricted_key_may_lack_a_permission(shared_standin, account):
    full = shared_standin.client(account, "rk_test_full").v1
    no_refunds = shared_standin.client(account, "rk_test_nopermission_refunds").v1
    nothing = shared_standin.client(account, "rk_test_nopermission").v1

    intent = pay(full, payment_method="pm_card_visa")
    assert no_refunds.payment_intents.retrieve(intent.id).id == intent.id
    with pytest.raises(stripe.PermissionError):
        no_refunds.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.PermissionError):
        nothing.accounts.retrieve_current()


def test_a_key_may_come_as_basic_authorization(shared_standin, account):
    basic = base64.b64encode(b"sk_test_standin:").decode()

    status, _, headers = fetch(
        f"{shared_standin.base(account)}/v1/account", Authorization=f"Basic {basic}"
    )

    assert status == 200
    assert headers["Request-Id"].startswith("req_")


def test_a_publishable_key_is_not_enough_for_a_server(shared_standin, account):
    with pytest.raises(stripe.AuthenticationError):
        shared_standin.client(account, "pk_test_standin").v1.customers.list()


def test_an_unknown_address_is_answered_in_the_shape_of_an_error(shared_standin, account):
    status, text, _ = fetch(
        f"{shared_standin.base(account)}/v1/subscriptions", Authorization="Bearer sk_test_standin"
    )

    assert status == 404
    assert "Unrecognized request URL" in text
