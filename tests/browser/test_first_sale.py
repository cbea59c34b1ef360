"""The main job: an admin puts credits on sale, a member buys them, everyone finds the sale."""

from playwright.sync_api import expect

from tests.browser.conftest import expect_success, pay, type_card
from tests.browser.places import ADMIN, MEMBER


def test_what_an_admin_puts_on_sale_a_member_buys_and_everyone_finds(estate, visit):
    place = estate.open(options=())
    nora, mia = visit(place, ADMIN), visit(place, MEMBER)
    mia.goto("membership/credits/")
    expect(mia.get_by_text("Nothing on sale yet")).to_be_visible()

    add_option(nora, credits="10", price="10.00")
    mia.reload()
    mia.get_by_role("link", name="Buy 10 credits for €12.00").click()
    expect(mia.get_by_text("Paying for:")).to_be_visible()
    expect(mia.get_by_text("Credit purchases can't be cancelled or refunded.")).to_be_visible()
    type_card(mia, "4242424242424242")
    pay(mia)

    expect_success(mia)
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    number = mia.get_by_role("definition").get_by_role("link").inner_text()
    the_member_finds_it(mia, number)
    the_admin_finds_it(nora, number)
    [movement] = place.book()
    assert (movement["kind"], movement["amount"], movement["currency"]) == ("charge", 1200, "eur")


def add_option(page, *, credits, price):
    page.goto("community/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Credit Options").click()
    page.get_by_role("button", name="Add credit option").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of credits").fill(credits)
    dialog.get_by_label("Price").fill(price)
    expect(dialog.get_by_label("Expiry")).to_have_value("")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text=f"{credits} credits")).to_be_visible()


def the_member_finds_it(page, number):
    bell = page.get_by_role("button", name="Notifications")
    expect(bell).to_have_accessible_description("1 unread")
    bell.click()
    expect(page.get_by_role("link", name="10 credits added")).to_be_visible()
    expect(bell).not_to_have_accessible_description("1 unread")

    page.get_by_role("link", name="Back to Credits").click()
    expect(page.get_by_test_id("balance")).to_have_text("10")
    page.get_by_role("link", name="Transactions", exact=True).click()
    accrual = page.get_by_role("row").filter(has_text="Bought 10 credits")
    expect(accrual).to_contain_text("+10")

    page.goto("membership/payments/")
    charge = page.get_by_role("row").filter(has_text="10 credits")
    expect(charge).to_contain_text("Visa •••• 4242")
    expect(charge).to_contain_text("Succeeded")
    expect(charge).to_contain_text("€12.00")
    charge.get_by_role("link", name=number).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Receipt {number}")
    for words in ("Mia Holm", "€10.00", "€2.00", "€12.00", "Visa •••• 4242"):
        expect(page.get_by_role("article")).to_contain_text(words)


def the_admin_finds_it(page, number):
    page.goto("community/")
    page.get_by_role("link", name="Mia Holm").click()
    page.get_by_role("link", name="Payments", exact=True).click()
    expect(page.get_by_role("heading", name="Transactions")).to_be_visible()
    charge = page.get_by_role("row").filter(has_text="10 credits")
    expect(charge).to_contain_text("€12.00")
    expect(charge).to_contain_text("Visa •••• 4242")
    expect(charge).to_contain_text("pi_")
    charge.get_by_role("link", name=number).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Receipt {number}")
