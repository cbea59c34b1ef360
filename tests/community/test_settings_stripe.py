"""Settings > Payments and Settings > Stripe."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.timezone import now

from payments.gateways.protocol import GatewayRefused, GatewayUnavailable, KeyRefused
from payments.gateways.registry import KINDS
from payments.models import GatewayConnection
from payments.services.connecting import connect_gateway
from payments.wording import KEY_REFUSALS
from tests.community.settings_pages import (
    PAYMENTS,
    STRIPE,
    TRANSFER,
    address,
    confirmed,
    error_at,
    words,
)
from tests.factories import CardFactory, TransferAccountFactory, pending_purchase

KEYS = {"publishable_key": "pk_test_shown", "secret_key": "rk_test_hidden"}
State = GatewayConnection.State
WORDS = KEY_REFUSALS | KINDS["stripe"].key_refusals


@pytest.fixture
def browser(location, admin, signed_in, fake_gateway):
    return confirmed(signed_in(admin))


@pytest.fixture
def connection(location, admin, fake_gateway):
    return connect_gateway(location=location, gateway="stripe", by=admin, at=now(), **KEYS)


def post(browser, location, **keys):
    return browser.post(address(location, STRIPE), KEYS | keys, follow=True)


def test_an_admin_connects_an_account(browser, location, admin):
    response = post(browser, location)

    assert "Connected to Fake." in words(response)
    connection = GatewayConnection.objects.get()
    assert (connection.state, connection.secret_key) == (State.CONNECTED, KEYS["secret_key"])
    assert connection.connected_by == admin
    page = words(browser.get(address(location, STRIPE)))
    for fact in ("acct_fake", "DE", "EUR", "by Nora Lind", "ends in dden", "Test mode"):
        assert fact in page


def test_before_that_it_says_what_the_key_must_be_allowed(browser, location):
    page = words(browser.get(address(location, STRIPE)))

    for resource in ("Customers", "PaymentIntents", "SetupIntents", "PaymentMethods"):
        assert resource in page
    assert "https://dashboard.stripe.com/test/apikeys/create?name=Deskmint" in page


def test_demo_keys_are_shown_beside_the_stand_in_alone(browser, location, settings):
    assert "_demo" not in words(browser.get(address(location, STRIPE)))

    settings.STRIPE_STANDIN_URL = "http://127.0.0.1:1"

    page = words(browser.get(address(location, STRIPE)))
    assert f"rk_test_{location.slug.replace('-', '_')}_demo" in page


@pytest.mark.parametrize("code", WORDS)
def test_each_refusal_is_said_at_its_field_and_nothing_is_saved(
    browser, location, fake_gateway, code
):
    fake_gateway.key_refused = KeyRefused("secret_key", code, missing=("Customers: Write",))

    response = post(browser, location)

    told = error_at(response, "secret_key")
    facts = {"gateway": "Stripe", "missing": "Customers: Write", "currency": "EUR"}
    assert escape(str(WORDS[code]) % facts) in told
    assert "%" not in told
    assert GatewayConnection.objects.count() == 0


def test_a_missing_key_is_asked_for(browser, location):
    response = post(browser, location, secret_key="")

    assert "This field is required." in error_at(response, "secret_key")


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (GatewayUnavailable("silent"), "Nothing was saved; try again."),
        (GatewayRefused("rate_limit", "slow down"), "Stripe refused the check (rate_limit)."),
    ],
)
def test_a_gateway_in_trouble_saves_nothing(
    browser, location, fake_gateway, monkeypatch, trouble, told
):
    def fail(**_facts):
        raise trouble

    monkeypatch.setattr(fake_gateway, "check_keys", fail)

    assert told in words(post(browser, location))
    assert GatewayConnection.objects.count() == 0


def test_where_stripe_can_not_reach_us_the_page_says_who_settles(
    browser, location, fake_gateway, settings
):
    fake_gateway.is_reachable = False

    page = words(post(browser, location))

    assert "Webhooks are off" in page
    assert settings.BASE_URL in page
    assert "a check every minute" in page


def test_a_secret_key_gets_advice(browser, location, fake_gateway, connection):
    assert "may do everything" not in words(browser.get(address(location, STRIPE)))

    fake_gateway.advice = "secret_in_test_mode"

    assert "may do everything" in words(browser.get(address(location, STRIPE)))


def test_a_second_click_shows_what_the_first_has_done(browser, location, monkeypatch, admin):
    """Both saw no connection; the slower one comes to write when there is one."""
    slow = connect_gateway

    def both(**facts):
        slow(**facts)
        return slow(**facts)

    monkeypatch.setattr("payments.views.accounts.connect_gateway", both)

    assert "Stripe is connected already." in words(post(browser, location))
    assert GatewayConnection.objects.connected().count() == 1


def test_an_admin_puts_another_key_in_place(browser, location, connection):
    response = post(browser, location, publishable_key="", secret_key="rk_test_newer")

    assert "The keys were checked and saved." in words(response)
    connection.refresh_from_db()
    assert connection.publishable_key == KEYS["publishable_key"]
    assert connection.secret_key == "rk_test_newer"


def test_a_test_is_sent_and_the_page_asks_until_it_came(
    browser, location, connection, fake_gateway
):
    response = browser.post(address(location, "test_stripe"), follow=True)

    assert len(fake_gateway.tests) == 1
    assert "Waiting for its webhook" in words(response)
    assert 'hx-trigger="load delay:2s"' in words(response)

    GatewayConnection.objects.update(tested_at=now() - timedelta(minutes=2))
    signs = words(browser.get(address(location, "stripe_health")))
    assert "The test didn&#x27;t arrive" in signs
    assert "hx-trigger" not in signs


def test_a_silent_stripe_is_not_tested(browser, location, connection, fake_gateway, monkeypatch):
    def silent():
        raise GatewayUnavailable("silent")

    monkeypatch.setattr(fake_gateway, "read_account", silent)

    response = browser.post(address(location, "test_stripe"), follow=True)

    assert "Nothing was sent; try again." in words(response)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"check_failure": "key_revoked"}, "was revoked or has expired"),
        ({"check_failure": "odd"}, "Stripe refused the check (odd)."),
        ({"charges_enabled": False}, "Finish activating the account"),
        ({"charges_enabled": None}, "The key may not read the account"),
        ({"clock_offset_seconds": -400}, "400 seconds from Stripe"),
        ({"refused_events": 3, "event_refused_at": now()}, "3 signature failures"),
        ({"webhook_secret": ""}, "Pages and a check every minute"),
    ],
)
def test_what_is_wrong_is_seen_at_a_glance(browser, location, connection, facts, told):
    GatewayConnection.objects.update(**facts)

    assert told in words(browser.get(address(location, STRIPE)))


def test_leaving_hides_the_way_to_pay_and_coming_back_brings_the_cards(
    browser, location, connection, mia
):
    card = CardFactory(customer=mia.customer, connection=connection)
    pending_purchase(card=card)

    response = browser.post(address(location, "disconnect_gateway", connection.pk), follow=True)

    assert "1 payment is under way and is finished first." in words(response)
    connection.refresh_from_db()
    assert connection.state == State.DISCONNECTING

    post(browser, location)

    connection.refresh_from_db()
    assert connection.state == State.CONNECTED


def test_leaving_twice_is_said(browser, location, connection):
    page = address(location, "disconnect_gateway", connection.pk)
    browser.post(page)

    assert "was disconnected meanwhile" in words(browser.post(page, follow=True))


def test_every_gateway_is_listed_connected_or_not(browser, location):
    page = words(browser.get(address(location, PAYMENTS)))
    assert "Not connected" in page
    assert address(location, STRIPE) in page

    post(browser, location)

    page = words(browser.get(address(location, PAYMENTS)))
    assert "Disconnect Stripe?" in page
    assert "Test mode" in page


def test_gateways_are_put_in_the_order_of_the_checkout(browser, location, connection):
    second = TransferAccountFactory(location=location, position=2)

    browser.post(address(location, "move_gateway", second.pk), {"to": 0})

    assert list(GatewayConnection.objects.connected()) == [second, connection]


def test_test_mode_is_told_on_every_page_until_it_is_live(browser, location, connection):
    home = address(location, "home")
    assert "Test mode" in words(browser.get(home))

    TransferAccountFactory(location=location)
    assert "Test mode" in words(browser.get(home))

    GatewayConnection.objects.update(livemode=True)
    assert "Test mode" not in words(browser.get(home))

    GatewayConnection.objects.all().update(state="disconnecting", disconnected_at=now())
    assert "Test mode" not in words(browser.get(home))


def test_keys_are_changed_and_a_gateway_is_left_after_a_fresh_sign_in_alone(
    browser, location, admin, connection
):
    admin.set_password("deskmint-demo")
    admin.save()
    browser.force_login(admin)
    confirmed(browser, ago=timedelta(minutes=16))

    bank = TransferAccountFactory(location=location)

    changed = browser.post(address(location, STRIPE), {"secret_key": "rk_test_newer"})
    left = browser.post(address(location, "disconnect_gateway", connection.pk))
    moved = browser.post(address(location, TRANSFER), {"account_details": "Elsewhere"})

    for response in (changed, left, moved):
        assert response.url.startswith("/accounts/reauthenticate/?next=")
    connection.refresh_from_db()
    assert (connection.secret_key, connection.state) == (KEYS["secret_key"], State.CONNECTED)
    bank.refresh_from_db()
    assert bank.account_details.startswith("Harbour Loft")
    assert "rk_test_newer" not in str(dict(browser.session.items()))
    page = browser.post(
        changed.url, {"password": "deskmint-demo", "next": address(location, STRIPE)}, follow=True
    )
    assert page.request["PATH_INFO"] == address(location, STRIPE)
    browser.post(address(location, "disconnect_gateway", connection.pk))
    connection.refresh_from_db()
    assert connection.state == State.DISCONNECTING


def test_who_has_no_password_confirms_with_their_factor(browser, location, admin, connection):
    admin.set_unusable_password()
    admin.save()
    browser.force_login(admin)
    confirmed(browser, ago=timedelta(minutes=16))
    Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={})

    refused = browser.post(address(location, "disconnect_gateway", connection.pk))
    asked = browser.get(refused.url)

    back = urlencode({"next": address(location, STRIPE)})
    assert asked.url == f"/accounts/2fa/reauthenticate/?{back}"
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED


def test_a_passkey_of_an_address_that_allowed_it_is_not_asked_for(
    browser, location, admin, connection
):
    admin.set_password("deskmint-demo")
    admin.save()
    browser.force_login(admin)
    confirmed(browser, ago=timedelta(minutes=16))
    Authenticator.objects.create(user=admin, type=Authenticator.Type.WEBAUTHN, data={})

    refused = browser.post(address(location, "disconnect_gateway", connection.pk))

    assert refused.url.startswith("/accounts/reauthenticate/")
    assert browser.get(refused.url).status_code == 200
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED
