"""An admin offers a plan and assigns it with its bill; then changes and ends it."""

from playwright.sync_api import expect

from tests.browser.places import ADMIN


def test_a_plan_is_offered_assigned_with_its_bill_changed_and_ended(estate, visit):
    page = visit(estate.open(), ADMIN)
    offer(page, "Resident", "150", discount="25")
    offer(page, "Flex", "30")
    page.goto("community/")
    page.get_by_role("link", name="Theo Night").click()
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_label("Plan").select_option("Resident")
    page.get_by_label("Allow payment by bill").check()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_contain_text("Theo Night has the plan Resident.")
    expect(page.get_by_text("25 % off credits")).to_be_visible()

    page.get_by_role("link", name="Change plan").click()
    page.get_by_label("New plan").select_option("Flex")
    page.get_by_label("Now").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The open bill of €180.00")).to_be_visible()
    page.get_by_role("button", name="Change plan").click()
    expect(page.get_by_role("heading", name="Flex")).to_be_visible()

    page.get_by_role("link", name="End plan").click()
    expect(page.get_by_text("The open bill of €36.00")).to_be_visible()
    page.get_by_role("button", name="End plan").click()
    expect(page.get_by_role("link", name="Change plan")).to_be_visible()
    expect(page.get_by_text("until", exact=False).first).to_be_visible()


def offer(page, name, price, *, discount="0", claims=""):
    page.goto("community/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Plans").click()
    page.get_by_role("button", name="Add plan").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Price per month").fill(price)
    page.get_by_label("Discount on credits (%)").fill(discount)
    page.get_by_label("Free claims per period").fill(claims)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text(f"{name} is on offer.")
