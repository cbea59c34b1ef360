"""Cards: new and saved ones, 3-D Secure, and what a bank says no to."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    buy,
    eventually,
    expect_success,
    keep_a_card,
    open_checkout,
    pay,
    type_card,
)

GOOD = "4242424242424242"
ASKS_AT_SETUP = "4000002500003155"
ASKS_AT_PAYMENT = "4000002760003184"
DECLINED = {
    "4000000000000002": "the bank gave no reason",
    "4000000000009995": "not enough funds",
    "4000000000009987": "the bank has blocked the card",
    "4000000000009979": "the bank has blocked the card",
    "4000000000000069": "the card has expired",
    "4000000000000127": "the security code is wrong",
    "4000000000000119": "the bank could not process it right now",
    "4000000000000341": "Visa •••• 0341 was declined: the bank gave no reason",
}


def test_a_card_is_kept_when_asked_to_pays_again_and_goes_when_removed(place, mia):
    keep_a_card(mia)

    open_checkout(mia)
    expect(mia.get_by_role("radio", name="Visa •••• 4242")).to_be_checked()
    expect(mia.get_by_test_id("card-form")).to_be_hidden()
    pay(mia)
    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("20")

    mia.goto("membership/payments/")
    mia.get_by_role("button", name="Remove Visa •••• 4242").click()
    mia.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(mia.get_by_role("status")).to_contain_text("Visa •••• 4242 removed.")
    expect(mia.get_by_role("button", name="Remove")).to_have_count(0)
    open_checkout(mia)
    expect(mia.get_by_role("radio", name="Use a new card")).to_be_checked()
    expect(mia.get_by_role("radio", name="Visa")).to_have_count(0)


def test_a_card_that_is_not_kept_is_not_listed_and_forgotten_by_the_gateway(place, mia):
    buy(mia, GOOD)

    mia.goto("membership/payments/")
    expect(mia.get_by_role("button", name="Remove")).to_have_count(0)
    eventually(lambda: [card["state"] for card in place.cards()] == ["detached"])
    [card] = place.cards()
    assert place.owner_at_the_gateway(card["reference"]) is None


@pytest.mark.parametrize("number", [ASKS_AT_SETUP, ASKS_AT_PAYMENT])
def test_a_payment_that_is_confirmed_with_the_bank_goes_through(place, mia, number):
    open_checkout(mia)
    type_card(mia, number)
    pay(mia)
    complete = mia.get_by_role("button", name="Complete authentication")
    complete.click()
    if number == ASKS_AT_PAYMENT:  # once for keeping the card on file, once for the money
        complete.click()

    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("10")


@pytest.mark.parametrize("number", [ASKS_AT_SETUP, ASKS_AT_PAYMENT])
def test_a_payment_that_is_not_confirmed_with_the_bank_costs_nothing(place, mia, number):
    open_checkout(mia)
    type_card(mia, number)
    pay(mia)
    if number == ASKS_AT_PAYMENT:
        mia.get_by_role("button", name="Complete authentication").click()
    mia.get_by_role("button", name="Fail authentication").click()

    expect(mia.get_by_role("alert")).to_contain_text("it was not confirmed with your bank")
    expect(mia.get_by_role("alert")).to_contain_text("Nothing was charged.")
    assert place.book() == []
    eventually(lambda: place.purchase_states() == ["failed"])


def test_each_declined_card_says_why_and_another_one_can_be_tried(place, mia):
    open_checkout(mia)
    for number, reason in DECLINED.items():
        type_card(mia, number)
        mia.get_by_label("Keep this card").check()
        pay(mia)
        expect(mia.get_by_role("alert")).to_contain_text(reason)
        expect(mia.get_by_role("alert")).to_contain_text("Nothing was charged.")
        expect(mia.get_by_label("Keep this card")).not_to_be_checked()

    type_card(mia, GOOD)
    pay(mia)

    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    mia.goto("membership/payments/")
    expect(mia.get_by_role("row").filter(has_text="Failed")).to_have_count(len(DECLINED))
    expect(mia.get_by_role("button", name="Remove")).to_have_count(0)
    eventually(lambda: {card["state"] for card in place.cards()} == {"detached"})


def test_a_card_that_is_not_whole_is_asked_for_before_anything_is_sent(place, mia):
    open_checkout(mia)
    number = mia.get_by_test_id("card-form").get_by_placeholder("number", exact=True)
    expect(number).to_be_visible()
    pay(mia)

    expect(mia.get_by_role("alert")).to_have_text("Enter the whole card: number, expiry and code.")
    assert place.purchase_states() == []


def test_a_card_is_added_without_buying_and_offered_first_when_chosen(place, mia):
    for number in (GOOD, "5555555555554444"):
        mia.goto("membership/payments/")
        mia.get_by_role("link", name="Add a card").click()
        type_card(mia, number)
        mia.get_by_role("button", name="Save card").click()
        expect(mia.get_by_role("status")).to_contain_text(f"{number[-4:]} saved.")
    assert place.book() == []

    mia.get_by_role("button", name="Offer first Visa •••• 4242").click()
    expect(mia.get_by_role("status")).to_contain_text("Visa •••• 4242 is offered first.")

    open_checkout(mia)
    expect(mia.get_by_role("radio", name="Visa •••• 4242")).to_be_checked()
    pay(mia)
    expect_success(mia)


def test_a_card_that_the_bank_refuses_is_not_added(mia):
    mia.goto("membership/payments/cards/add/")
    type_card(mia, "4000000000009995")
    mia.get_by_role("button", name="Save card").click()

    expect(mia.get_by_role("alert").filter(visible=True)).to_contain_text("Not enough funds.")
    mia.goto("membership/payments/")
    expect(mia.get_by_role("button", name="Remove")).to_have_count(0)
