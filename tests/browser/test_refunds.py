"""Money that goes back in the gateway's dashboard: pages and documents follow by themselves."""

from playwright.sync_api import expect

from tests.browser.conftest import NIGHT_PHONE, buy, eventually
from tests.browser.looks import faults_of
from tests.browser.places import ADMIN


def test_a_refund_in_the_dashboard_reverses_credits_and_shows_everywhere(place, mia, visit):
    buy(mia)
    receipt = mia.get_by_role("link", name="Receipt").get_attribute("href")
    refund_in_the_dashboard(place, mia, "6.00")
    eventually(lambda: place.movements()[-1]["amount_minor"] == -600)

    look_as_a_member(mia, receipt)
    look_as_an_admin(visit(place, ADMIN, **NIGHT_PHONE))


def refund_in_the_dashboard(place, page, amount):
    dashboard = page.context.new_page()
    dashboard.goto(f"{place.standin_account}/dashboard")
    dashboard.get_by_label("Amount").fill(amount)
    dashboard.get_by_role("button", name="Refund").click()
    expect(dashboard.get_by_role("cell", name=f"€{amount} refunded")).to_be_visible()
    dashboard.close()


def look_as_a_member(mia, receipt):
    mia.goto("membership/credits/")
    expect(mia.get_by_test_id("balance")).to_have_text("5")
    mia.goto("membership/credits/transactions/")
    expect(mia.get_by_role("row", name="Refund of €6.00")).to_contain_text("−5")
    mia.goto("membership/payments/")
    expect(mia.get_by_role("row", name="Refund: 10 credits")).to_contain_text("−€6.00")
    assert faults_of(mia) == []
    mia.goto(receipt)
    mia.get_by_role("link", name="C-2").click()
    expect(mia.get_by_role("heading", level=1)).to_contain_text("Credit note C-")
    expect(mia.get_by_text("€6.00").first).to_be_visible()
    assert faults_of(mia) == []


def look_as_an_admin(nora):
    nora.goto("community/")
    nora.get_by_role("link", name="Mia Holm").click()
    nora.get_by_role("link", name="Payments").click()
    expect(nora.get_by_role("row", name="Refund: 10 credits")).to_contain_text("−€6.00")
    assert faults_of(nora) == []
    nora.get_by_role("link", name="Refund 10 credits").click()
    expect(nora.get_by_text("Can be refunded")).to_be_visible()
    assert faults_of(nora) == []
