"""What changes between the look and the click is said, and costs nothing."""

from playwright.sync_api import expect

from tests.browser.conftest import expect_success, open_checkout, pay, type_card

GOOD = "4242424242424242"


def test_a_price_that_changed_is_shown_old_and_new_before_anything_is_charged(place, mia, nora):
    open_checkout(mia)
    type_card(mia, GOOD)
    nora.goto("community/credit-options/")
    nora.get_by_role("button", name="Edit 10 credits").click()
    nora.get_by_label("Price").fill("11.50")
    nora.get_by_role("button", name="Save").click()
    expect(nora.get_by_role("row").filter(has_text="€13.80")).to_be_visible()

    pay(mia)
    alert = mia.get_by_role("alert")
    expect(alert).to_contain_text("Nothing was charged.")
    expect(alert).to_contain_text("Total: €12.00 is now €13.80.")
    assert place.book() == []

    type_card(mia, GOOD)
    pay(mia, "€13.80")
    expect_success(mia)
    assert [movement["amount"] for movement in place.book()] == [1380]


def test_an_option_that_was_archived_is_not_sold(place, mia, nora):
    open_checkout(mia)
    type_card(mia, GOOD)
    nora.goto("community/credit-options/")
    nora.get_by_role("button", name="Archive 10 credits").click()
    nora.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(nora.get_by_role("heading", name="Archived")).to_be_visible()

    pay(mia)

    expect(mia.get_by_role("alert")).to_have_text(
        "This option is no longer on sale. Nothing was charged."
    )
    expect(mia.get_by_role("heading", name="Buy Credits")).to_be_visible()
    assert place.book() == []


def test_a_member_who_was_suspended_can_look_but_not_buy(place, mia):
    open_checkout(mia)
    type_card(mia, GOOD)
    place.suspend_members()

    pay(mia)

    expect(mia.get_by_role("alert")).to_contain_text("Your membership is suspended")
    expect(mia.get_by_role("alert")).to_contain_text("Nothing was charged.")
    expect(mia.get_by_role("link", name="Buy 10 credits")).to_have_count(0)
    assert place.book() == []
    mia.goto("membership/payments/")
    expect(mia.get_by_role("heading", name="Transactions")).to_be_visible()
