"""Settings in a browser: what an admin changes is what everybody sees, with a script or without."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, open_checkout, pay, type_card
from tests.browser.looks import axe_violations
from tests.browser.places import ADMIN

PAGES = ["location", "billing", "tax", "team", "credit-policy"]


def save(page):
    page.get_by_role("button", name="Save").first.click()


def drawn_logo():
    image = BytesIO()
    Image.new("RGB", (600, 300), "teal").save(image, "JPEG")
    return {"name": "logo.jpg", "mimeType": "image/jpeg", "buffer": image.getvalue()}


def test_a_name_and_a_logo_reach_every_page(nora, mia):
    nora.goto("settings/")
    nora.get_by_label("Name").fill("Quay & Sons")
    save(nora)
    expect(nora.get_by_text("Location saved.")).to_be_visible()
    nora.get_by_label("Image").set_input_files(drawn_logo())
    nora.get_by_role("button", name="Upload").click()
    expect(nora.get_by_text("Logo saved.")).to_be_visible()

    mia.goto("membership/credits/")

    expect(mia.locator(".topbar")).to_contain_text("Quay & Sons")
    expect(mia.locator(".topbar img").first).to_have_js_property("naturalWidth", 256)


def test_a_use_of_credits_is_added_in_its_dialog_and_read_by_members(nora, mia):
    nora.goto("settings/location/")
    nora.get_by_role("button", name="Add", exact=True).click()
    dialog = nora.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("This field is required.").first).to_be_visible()
    dialog.get_by_label("What for").fill("Hot desk, a day")
    dialog.get_by_label("Credits").fill("4")
    dialog.get_by_role("button", name="Save").click()
    expect(nora.get_by_role("row", name="Hot desk, a day")).to_be_visible()

    mia.goto("membership/credits/")

    expect(mia.get_by_text("Hot desk, a day")).to_be_visible()


def test_a_new_tax_is_confirmed_and_an_open_checkout_is_asked_again(nora, mia):
    open_checkout(mia)
    type_card(mia, "4242424242424242")
    nora.goto("settings/tax/")
    nora.get_by_label("Percent").fill("10")
    save(nora)
    expect(nora.get_by_role("heading", name="Change the tax?")).to_be_visible()
    expect(nora.get_by_role("row", name="10 credits €12.00 €11.00")).to_be_visible()
    nora.get_by_role("button", name="Change the tax").click()
    expect(nora.get_by_text("Tax saved.")).to_be_visible()

    pay(mia)

    expect(mia.get_by_role("alert").filter(has_text="€11.00")).to_be_visible()


def test_a_time_zone_is_changed_without_a_script(place, visit):
    page = visit(place, ADMIN, java_script_enabled=False)
    page.goto("settings/location/")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    save(page)
    expect(page.get_by_role("heading", name="Change the time zone?")).to_be_visible()
    page.get_by_role("button", name="Change", exact=True).click()

    expect(page.get_by_text("Location saved.")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


def test_of_two_admins_the_second_sees_both_values(place, visit):
    first, second = visit(place, ADMIN), visit(place, ADMIN)
    for page, name in ((first, "First GmbH"), (second, "Second GmbH")):
        page.goto("settings/billing/")
        page.get_by_label("Legal name").fill(name)

    save(first)
    expect(first.get_by_text("Billing details saved.")).to_be_visible()
    save(second)

    alert = second.get_by_role("alert")
    expect(alert).to_contain_text("Saved now: First GmbH")
    expect(alert).to_contain_text("Yours: Second GmbH")
    second.get_by_role("link", name="Keep what is saved").click()
    expect(second.get_by_label("Legal name")).to_have_value("First GmbH")


def test_the_last_admin_stays_and_staff_become_a_second(nora):
    nora.goto("settings/team/")
    nora.get_by_role("button", name="Remove Nora Lind").click()
    nora.get_by_role("button", name="Leave").click()
    expect(nora.get_by_role("alert")).to_contain_text("A location keeps at least one admin.")

    nora.goto("settings/team/")
    nora.get_by_role("button", name="Change role Jonas Brandt").click()
    nora.get_by_label("Admin: runs the location").check()
    save(nora)

    expect(nora.get_by_role("row", name="Jonas Brandt")).to_contain_text("Admin")


@pytest.mark.parametrize("tab", PAGES)
def test_a_page_is_for_everybody_and_fits_a_phone(place, visit, tab):
    page = visit(place, ADMIN, viewport=PHONE, bypass_csp=True)
    page.goto(f"settings/{tab}/")

    assert axe_violations(page) == []
    sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(sideways) == 0
