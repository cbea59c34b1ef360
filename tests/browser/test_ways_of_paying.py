"""On the bill, for free, with the company's card: who pays how, from the plan to the ledger."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    NIGHT_PHONE,
    expect_success,
    pay,
    type_card,
)
from tests.browser.looks import axe_violations
from tests.browser.places import MEMBER, OTHER_MEMBER
from tests.browser.test_companies import add_company
from tests.browser.test_plans import offer

BUY = re.compile("Buy 10 credits for")
GOOD = "4242424242424242"


@pytest.fixture
def company(nora):
    """Studio North, which Mia manages and Theo belongs to; gives its number."""
    number = add_company(nora, "Studio North", manager=MEMBER)
    nora.get_by_role("button", name="Add member").click()
    dialog = nora.get_by_role("dialog")
    dialog.get_by_label("Member").first.fill(OTHER_MEMBER)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(nora.get_by_role("row").filter(has_text="Theo Night")).to_be_visible()
    return number


@pytest.fixture
def theo(place, visit):
    return visit(place, OTHER_MEMBER)


def assign(admin, where, plan, *, bill=False, everyone=False):
    admin.goto(f"{where}plan/")
    admin.get_by_label("Plan").select_option(plan)
    if bill:
        admin.get_by_label("Allow payment by bill").check()
    if everyone:
        admin.get_by_label("Managers and members").check()
    admin.get_by_role("button", name="Assign").click()
    expect(admin.get_by_role("status")).to_contain_text(f"has the plan {plan}.")


def checkout(page, company=None):
    page.goto("membership/credits/")
    if company:
        page.get_by_role("link", name=company, exact=True).click()
    page.get_by_role("link", name=BUY).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Buy 10 credits")


def permit(manager, company, who, *, card=False, bill=False):
    manager.goto(f"membership/companies/{company}/payments/")
    expect(manager.get_by_role("heading", name="Manage payment method permissions")).to_be_visible()
    row = manager.get_by_role("form", name=who)
    row.get_by_label("May use the company card").set_checked(card)
    row.get_by_label("May use the company bill").set_checked(bill)
    row.get_by_role("button", name="Save").click()
    expect(manager.get_by_role("status")).to_contain_text("It counts from now on")


def test_a_purchase_goes_on_the_company_s_bill(place, nora, mia, company):
    offer(nora, "Resident", "150", discount="25")
    assign(nora, f"community/companies/{company}/", "Resident", bill=True, everyone=True)

    checkout(mia, "Studio North")
    expect(mia.get_by_text("Paying for:")).to_be_visible()
    expect(mia.get_by_text("Studio North", exact=True)).to_be_visible()
    expect(mia.get_by_text("Resident, 25 % off")).to_be_visible()
    mia.get_by_role("radio", name="Bill").check()
    assert axe_violations(mia) == []
    mia.get_by_role("button", name="Add €9.00 to bill").click()
    expect_success(mia)

    mia.get_by_role("link", name="Back to Credits").click()
    expect(mia.get_by_test_id("balance")).to_have_text("10")
    mia.get_by_role("link", name="Transactions").click()
    expect(mia.get_by_role("row").filter(has_text="Bought 10 credits")).to_be_visible()
    nora.goto(f"community/companies/{company}/bills/")
    expect(nora.get_by_role("row").filter(has_text="€189.00")).to_be_visible()
    nora.goto("community/bills/")
    nora.get_by_role("link", name="Studio North").click()
    item = nora.get_by_role("row").filter(has_text="10 credits")
    expect(item).to_contain_text("Mia Holm")
    expect(item).to_contain_text("€9.00")
    assert place.book() == []  # no gateway was asked


def test_free_credits_ask_for_no_payment_and_once_a_period(place, nora, mia):
    offer(nora, "Founders", "0", discount="100", claims="1")
    nora.goto("community/")
    assign(nora, nora.get_by_role("link", name="Mia Holm").get_attribute("href"), "Founders")

    checkout(mia)
    expect(mia.get_by_role("radiogroup", name="Payment method")).to_have_count(0)
    mia.get_by_role("button", name="Get for free").click()
    expect_success(mia)

    mia.goto("membership/credits/")
    expect(mia.get_by_text("Free credits are used up for this period.")).to_be_visible()
    expect(mia.get_by_role("link", name="Buy 10 credits for €12.00")).to_be_visible()
    assert place.book() == []


def test_a_manager_keeps_the_company_s_card_and_a_member_pays_with_it(place, mia, theo, company):
    checkout(mia, "Studio North")
    type_card(mia, GOOD)
    mia.get_by_label("Keep this card").check()
    pay(mia)
    expect_success(mia)
    permit(mia, company, "Theo Night", card=True)

    checkout(theo, "Studio North")
    expect(theo.get_by_role("radio", name="Visa •••• 4242")).to_be_checked()
    expect(theo.get_by_label("Use a new card")).to_have_count(0)
    pay(theo)
    expect_success(theo)

    theo.goto(f"membership/companies/{company}/credits/")
    expect(theo.get_by_test_id("balance")).to_have_text("20")
    expect(theo.get_by_role("row").filter(has_text="Bought 10 credits")).to_have_count(1)
    assert [movement["amount"] for movement in place.book()] == [1200, 1200]


def test_a_permission_given_and_taken_counts_in_a_checkout_that_is_open(place, mia, theo, company):
    checkout(mia, "Studio North")
    type_card(mia, GOOD)
    mia.get_by_label("Keep this card").check()
    pay(mia)
    expect_success(mia)
    theo.goto(f"membership/companies/{company}/credits/")
    expect(theo.get_by_text("Ask Mia Holm for “May use the company card”.")).to_be_visible()
    expect(theo.get_by_role("link", name=BUY)).to_have_count(0)
    permit(mia, company, "Theo Night", card=True)
    checkout(theo, "Studio North")
    permit(mia, company, "Theo Night")

    pay(theo)
    expect(theo.get_by_role("alert")).to_contain_text("You may not pay with the company's card.")
    assert len(place.book()) == 1

    permit(mia, company, "Theo Night", card=True)
    checkout(theo, "Studio North")
    pay(theo)
    expect_success(theo)
    assert len(place.book()) == 2


def test_the_company_s_pages_on_a_phone_at_night(place, nora, visit, company):
    offer(nora, "Resident", "150", discount="25")
    assign(nora, f"community/companies/{company}/", "Resident", bill=True)
    page = visit(place, MEMBER, **NIGHT_PHONE)

    for path in ("credits/", "payments/", "bills/", "people/"):
        page.goto(f"membership/companies/{company}/{path}")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    checkout(page, "Studio North")
    page.get_by_role("radio", name="Bill").check()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Add €9.00 to bill").click()
    expect_success(page)
