"""Payments while the gateway or its webhooks fail: credits come once, and nobody pays twice."""

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
    type_card,
)
from tests.browser.looks import faults_of
from tests.browser.places import MEMBER

GOOD = "4242424242424242"
DECLINED_LATER = "4000000000000341"
ASKS_AT_PAYMENT = "4000002760003184"
UNTIL_MENDED = 100
CHECKING = "We are checking with your bank"


@pytest.fixture
def on_a_phone(place, visit):
    return visit(place, MEMBER, **NIGHT_PHONE)


@pytest.mark.parametrize("fault", ["lost", "garbage"])
def test_a_payment_whose_answer_is_lost_is_checked_and_comes_by_itself(place, mia, fault):
    place.switch("dropped", times=100)
    open_checkout(mia)
    type_card(mia, GOOD)
    place.switch(fault, times=UNTIL_MENDED)
    pay(mia)

    expect(mia.get_by_text(CHECKING)).to_be_visible()
    expect(mia.get_by_role("button", name="Pay")).to_have_count(0)
    assert faults_of(mia) == []
    place.mend()
    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    assert [movement["amount"] for movement in place.book()] == [1200]


@pytest.mark.parametrize("fault", ["500", "429", "reset"])
def test_a_gateway_that_fails_for_a_while_charges_once_when_it_is_back(place, mia, fault):
    open_checkout(mia)
    type_card(mia, GOOD)
    place.switch(fault, times=UNTIL_MENDED)
    pay(mia)

    expect(mia.get_by_text(CHECKING)).to_be_visible()
    place.mend()
    expect_success(mia)
    assert len(place.book()) == 1


def test_there_is_no_second_pay_button_while_a_payment_is_checked(place, on_a_phone):
    place.switch("dropped", times=100)
    open_checkout(on_a_phone)
    type_card(on_a_phone, GOOD)
    place.switch("lost", times=UNTIL_MENDED)
    pay(on_a_phone)
    expect(on_a_phone.get_by_text(CHECKING)).to_be_visible()
    assert faults_of(on_a_phone, finger=True) == []

    on_a_phone.get_by_role("link", name="Back to Credits").click()
    on_a_phone.get_by_role("link", name="Buy 10 credits for €12.00").click()

    expect(on_a_phone.get_by_text(CHECKING)).to_be_visible()
    expect(on_a_phone.get_by_role("button", name="Pay")).to_have_count(0)
    place.mend()
    expect_success(on_a_phone)
    assert len(place.book()) == 1


def test_the_page_settles_what_no_webhook_tells(place, mia):
    place.switch("dropped", times=100)

    buy(mia, GOOD)

    expect(mia.get_by_test_id("balance")).to_have_text("10")


def test_the_reconciler_settles_what_neither_page_nor_webhook_tells(place, mia, estate):
    leave_at_the_bank(place, mia)
    place.rows(
        "UPDATE payments_transaction SET created_at = created_at - interval '2 minutes'"
        " WHERE location_id = (SELECT id FROM community_location WHERE slug = %(slug)s)"
    )

    estate.commands.run_task("membership.tasks.sweep_charges")

    eventually(lambda: place.purchase_states() == ["completed"])
    mia.goto("membership/credits/")
    expect(mia.get_by_test_id("balance")).to_have_text("10")


def test_an_event_that_was_dropped_is_fetched_and_settles(place, mia, estate):
    leave_at_the_bank(place, mia)

    estate.commands.run_task("payments.tasks.fetch_missed_events")

    eventually(lambda: place.purchase_states() == ["completed"])
    mia.goto("membership/credits/")
    expect(mia.get_by_test_id("balance")).to_have_text("10")


def leave_at_the_bank(place, page):
    """Confirm at the bank; then neither the browser nor a webhook comes back."""
    place.switch("dropped", times=100)
    page.route("**/membership/purchases/*/", lambda route: route.fulfill(status=204))
    open_checkout(page)
    type_card(page, ASKS_AT_PAYMENT)
    pay(page)
    complete = page.get_by_role("button", name="Complete authentication")
    complete.click()
    with page.expect_response("**/membership/purchases/*/"):
        complete.click()
    eventually(lambda: len(place.book()) == 1)
    assert place.purchase_states() == ["pending"]
    page.unroute("**/membership/purchases/*/")


def test_webhooks_that_come_many_times_and_in_any_order_count_once(place, mia):
    keep_a_card(mia)
    place.switch("shuffled", times=2, seconds=3)
    place.switch("duplicated", times=1)
    open_checkout(mia)
    pay(mia)
    expect_success(mia)
    open_checkout(mia)
    mia.get_by_role("radio", name="Use a new card").check()
    type_card(mia, DECLINED_LATER)
    pay(mia)
    expect(mia.get_by_role("alert")).to_contain_text("Nothing was charged.")
    open_checkout(mia)
    pay(mia)
    expect_success(mia)

    eventually(lambda: waiting_events(place) == [{"waiting": 0, "all": 4}])
    mia.reload()
    expect(mia.get_by_test_id("balance")).to_have_text("30")
    assert place.purchase_states() == ["completed", "completed", "failed", "completed"]
    assert len(place.book()) == 3


def waiting_events(place):
    return place.rows(
        'SELECT count(*) AS "all", count(*) FILTER (WHERE processed_at IS NULL) AS waiting'
        " FROM payments_gatewayevent AS event JOIN community_location AS place"
        " ON place.id = event.location_id WHERE place.slug = %(slug)s"
    )
