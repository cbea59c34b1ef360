"""Where Stripe.js offers the Payment Element, cards are typed into that."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import expect_success, open_checkout, pay, type_card

OFFERED = (Path(__file__).parent / "payment_element.js").read_text(encoding="utf-8")


@pytest.fixture
def buyer(mia):
    """Mia, with a Stripe.js that offers it."""

    def serve(route):
        plain = route.fetch()
        route.fulfill(response=plain, body=f"{plain.text()}\n{OFFERED}")

    mia.route("**/js.stripe.com/v3/", serve)
    return mia


def test_it_pays(buyer):
    open_checkout(buyer)
    expect(buyer.locator("[data-element=payment]")).to_be_visible()
    pay(buyer)
    expect(buyer.get_by_role("alert")).to_have_text(
        "Enter the whole card: number, expiry and code."
    )
    type_card(buyer, "4242424242424241")
    pay(buyer)
    expect(buyer.get_by_role("alert")).to_have_text("Your card number is invalid.")

    type_card(buyer, "4242424242424242")
    pay(buyer)

    expect_success(buyer)


def test_a_declined_card_and_a_bank_that_asks_are_handled_as_in_the_form(buyer):
    open_checkout(buyer)
    type_card(buyer, "4000000000009995")
    pay(buyer)
    expect(buyer.get_by_role("alert")).to_contain_text("not enough funds")

    type_card(buyer, "4000002500003155")
    pay(buyer)
    buyer.get_by_role("button", name="Complete authentication").click()

    expect_success(buyer)


def test_a_card_is_added_with_it(buyer):
    buyer.goto("membership/payments/cards/add/")
    expect(buyer.locator("[data-element=payment]")).to_be_visible()
    type_card(buyer, "4242424242424242")
    buyer.get_by_role("button", name="Save card").click()

    expect(buyer.get_by_role("status")).to_contain_text("4242 saved.")
