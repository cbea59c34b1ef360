"""One purchase is one purchase, however it is clicked."""

from playwright.sync_api import expect

from tests.browser.conftest import (
    buy,
    eventually,
    expect_success,
    open_checkout,
    pay,
    type_card,
)

GOOD = "4242424242424242"
ASKS_AT_PAYMENT = "4000002760003184"


def test_a_double_click_buys_once(place, mia):
    open_checkout(mia)
    type_card(mia, GOOD)
    mia.get_by_role("button", name="Pay €12.00").dblclick()

    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    assert len(place.book()) == 1
    assert place.purchase_states() == ["completed"]


def test_two_tabs_of_the_checkout_buy_once(place, mia):
    second = mia.context.new_page()
    for tab in (mia, second):
        open_checkout(tab)
        type_card(tab, GOOD)

    for tab in (mia, second):
        pay(tab)
        expect_success(tab)

    expect(second.get_by_test_id("balance")).to_have_text("10")
    assert len(place.book()) == 1
    assert place.purchase_states() == ["completed"]


def test_back_after_success_does_not_buy_again(place, mia):
    buy(mia)
    mia.go_back()
    expect(mia.get_by_role("heading", level=1)).to_have_text("Buy 10 credits")
    expect(mia.get_by_role("button", name="Pay €12.00")).to_be_enabled()
    mia.go_forward()

    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    assert len(place.book()) == 1


def test_who_buys_again_after_success_gets_twice_as_much(place, mia):
    buy(mia)
    buy(mia)

    expect(mia.get_by_test_id("balance")).to_have_text("20")
    assert len(place.book()) == 2


def test_a_purchase_completes_by_webhook_when_the_page_never_comes_back(place, mia):
    # The bank confirms, then the browser gets nothing but silence from Deskmint.
    mia.route("**/membership/purchases/*/", lambda route: route.fulfill(status=204))
    open_checkout(mia)
    type_card(mia, ASKS_AT_PAYMENT)
    pay(mia)
    complete = mia.get_by_role("button", name="Complete authentication")
    complete.click()
    with mia.expect_response("**/membership/purchases/*/"):
        complete.click()

    eventually(lambda: place.purchase_states() == ["completed"])
    [event] = place.rows(
        "SELECT processed_at FROM payments_gatewayevent AS event JOIN community_location AS place"
        " ON place.id = event.location_id WHERE place.slug = %(slug)s"
        " AND event.payload ->> 'type' = 'payment_intent.succeeded'"
    )
    assert event["processed_at"]
    mia.goto("membership/credits/")
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    expect(mia.get_by_role("button", name="Notifications")).to_have_accessible_description(
        "1 unread"
    )
