"""What people do with bills, transfers and keys, as tests of pages do it too."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import open_checkout
from tests.browser.places import MEMBER

ACCOUNT = "Harbour Loft GmbH\nDE02 1203 0000 0000 2020 51"


def issue_a_bill(page, member):
    """Open a bill on a member's page, put a locker on it and issue it; gives its address."""
    page.goto(f"{member}bills/")
    page.get_by_role("button", name="Open a bill").click()
    add_to_bill(page, "Locker 12", "50")
    page.get_by_role("button", name="Issue").click()
    page.get_by_role("dialog").get_by_role("button", name="Issue").click()
    expect(page.get_by_role("button", name="Mark paid")).to_be_visible()
    address = page.evaluate("location.pathname")
    return str(address)


def add_to_bill(page, description, amount):
    page.get_by_role("button", name="Add an item").click()
    page.get_by_label("Description").fill(description)
    page.get_by_label("Amount").fill(amount)
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name=f"Remove {description}")).to_be_visible()


def credit(page, amount, *, item="Locker 12"):
    """Credit an item in part; gives the address of the credit note."""
    page.get_by_role("link", name="Credit note").click()
    page.get_by_label(item).fill(amount)
    page.get_by_label("Reason").fill("Moved in late")
    page.get_by_role("button", name="Issue credit note").click()
    link = page.get_by_role("link", name="Credit note C-")
    expect(link).to_be_visible()
    return link.get_attribute("href")


def connect_bank(page):
    """Let members pay by transfer, as the admin."""
    page.goto("settings/bank-transfer/")
    page.get_by_label("Account details").fill(ACCOUNT)
    press = re.compile("^(Connect|Save)$")
    page.get_by_role("button", name=press).click()
    expect(page.get_by_text("Members can pay by bank transfer.")).to_be_visible()


def order_transfer(page):
    """Order 10 credits by transfer; gives the address of the purchase."""
    open_checkout(page)
    page.get_by_label("Bank transfer").check()
    page.get_by_role("button", name="Pay €12.00 by transfer").click()
    expect(page.get_by_role("heading", name="Transfer €12.00")).to_be_visible()
    address = page.evaluate("location.pathname")
    return str(address)


def make_key(page):
    """Make a key for software under Settings > API; gives it as it is shown, once."""
    page.goto("settings/api/")
    page.get_by_label("Name").fill("Door locks")
    page.get_by_label("Read:").check()
    page.get_by_label("Spend:").check()
    page.get_by_role("button", name="Make key").click()
    shown = page.get_by_label("Key for Door locks")
    expect(shown).to_be_focused()
    return shown.input_value()


def hold(page, key):
    """Set two credits of a member aside, as a booking desk does."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "B-1001"}
    found = page.request.get(f"/api/v1/customers?search={MEMBER}", headers=headers).json()
    body = {"customer": found["results"][0]["id"], "credits": "2", "reason": "Quay room"}
    facts = {"reference": "B-1001", "expires_at": "2100-01-01T00:00:00Z"}
    held = page.request.post("/api/v1/holds", headers=headers, data=body | facts)
    assert held.status == 201
