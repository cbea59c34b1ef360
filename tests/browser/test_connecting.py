"""Settings > Stripe against the stand-in: from two pasted keys to the first webhook, and away."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    NIGHT_PHONE,
    buy,
    eventually,
    expect_success,
    keep_a_card,
    open_checkout,
    pay,
)
from tests.browser.looks import faults_of
from tests.browser.places import ADMIN, MEMBER


@pytest.fixture
def new_place(estate):
    """A location that takes no cards yet."""
    return estate.open(connected=False)


@pytest.fixture
def admin(new_place, visit):
    return visit(new_place, ADMIN)


def demo_keys(page):
    return [
        page.get_by_test_id(f"demo-{kind}-key").inner_text()
        for kind in ("publishable", "restricted")
    ]


def connect(page, publishable, restricted):
    page.get_by_label("Publishable key").fill(publishable)
    page.get_by_label("Restricted key").fill(restricted)
    page.get_by_role("button", name="Connect", exact=True).click()


def connect_by_demo_keys(page):
    page.goto("settings/stripe/")
    keys = demo_keys(page)
    connect(page, *keys)
    expect(page.get_by_text("Connected to")).to_be_visible()
    return keys


def disconnect(page):
    page.goto("settings/stripe/")
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Stripe was disconnected")).to_be_visible()


def test_from_the_set_up_list_to_the_first_sale(admin, new_place, visit):
    admin.goto("")
    admin.get_by_role("link", name=re.compile("Connect Stripe")).click()
    connect(admin, *demo_keys(admin))

    expect(admin.get_by_text("Connected to")).to_be_visible()
    expect(admin.get_by_text("Keys work")).to_be_visible()
    expect(admin.get_by_text("Charges enabled")).to_be_visible()
    expect(admin.locator(".topbar")).to_contain_text("Test mode")

    mia = visit(new_place, MEMBER)
    buy(mia)
    expect(mia.locator(".topbar")).to_contain_text("Test mode")


def test_a_test_comes_back_as_a_webhook(admin):
    connect_by_demo_keys(admin)
    expect(admin.get_by_text("No webhook yet")).to_be_visible()

    admin.get_by_role("button", name="Send a test").click()

    expect(admin.get_by_text("Test arrived")).to_be_visible()
    expect(admin.get_by_text("Webhooks arrive")).to_be_visible()


def test_keys_that_are_not_good_are_refused_at_their_field(admin):
    admin.goto("settings/stripe/")
    publishable, restricted = demo_keys(admin)
    for keys, told in [
        ((publishable, f"{restricted}_revoked"), "revoked or has expired"),
        ((publishable, "rk_live_0123456789"), "One key is live"),
        (("pk_live_0123456789", "sk_live_0123456789"), "a live secret key may do everything"),
        ((publishable, f"{restricted}_nopermission_customers"), "allow Customers: Write"),
        (("pk_test_elsewhere_demo", restricted), "not of the restricted key's account"),
    ]:
        connect(admin, *keys)
        error = admin.locator(".field-error")
        expect(error).to_contain_text(re.compile(re.escape(told), re.IGNORECASE))
        expect(admin.get_by_label("Restricted key")).to_have_value("")
    expect(admin.get_by_text("Not connected")).to_be_visible()


def test_a_key_is_rotated_and_payments_go_on(admin, new_place, visit):
    _, restricted = connect_by_demo_keys(admin)
    admin.get_by_label("Restricted key").fill(f"{restricted}_newer")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("The keys were checked and saved.")).to_be_visible()
    expect(admin.get_by_text("The key ends in ewer")).to_be_visible()

    buy(visit(new_place, MEMBER))


def test_a_card_comes_back_with_its_account(admin, new_place, visit):
    connect_by_demo_keys(admin)
    mia = visit(new_place, MEMBER)
    keep_a_card(mia)

    disconnect(admin)
    mia.goto("membership/payments/")
    expect(mia.get_by_text("Visa •••• 4242").filter(visible=True)).to_have_count(1)  # the payment
    eventually(lambda: states(new_place) == ["disconnecting"])

    connect_by_demo_keys(admin)
    open_checkout(mia)
    expect(mia.get_by_label("Visa •••• 4242")).to_be_checked()
    pay(mia)
    expect_success(mia)
    assert states(new_place) == ["connected"]


def states(place):
    return [
        row["state"]
        for row in place.rows(
            "SELECT gateway.state FROM payments_gatewayconnection gateway JOIN community_location"
            " place ON place.id = gateway.location_id WHERE place.slug = %(slug)s"
        )
    ]


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, NIGHT_PHONE], ids=["desk", "phone"])
def test_the_pages_are_for_everybody(new_place, place, visit, look):
    for where, address in [
        (new_place, "settings/payments/"),
        (new_place, "settings/stripe/"),
        (place, "settings/payments/"),
        (place, "settings/stripe/"),
    ]:
        page = visit(where, ADMIN, bypass_csp=True, **look)
        page.goto(address)
        assert faults_of(page, finger=look is NIGHT_PHONE) == []
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults_of(page, finger=look is NIGHT_PHONE) == []
