"""From an installation without anything to its first sale, as the README tells it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, expect_success, pay, type_card
from tests.browser.looks import axe_violations
from tests.plugins.stack import started_stack

PASSWORD = "violet harbour 42"


@pytest.fixture(scope="module")
def empty(request):
    with started_stack(request, DEMO="0") as running:
        yield running


@pytest.fixture
def link(empty):
    return re.search(r"Set it up, once: (http\S+/setup/\S+/)", empty.printed())[1]


def test_an_empty_installation_comes_to_its_first_sale(empty, link, new_context):
    page = new_context(base_url=empty.url, timezone_id="Europe/Vienna").new_page()

    found_the_location(page, link)
    expect(page.get_by_text("2 of 6 done")).to_be_visible()
    assert axe_violations(page) == []

    fill_in_details(page)
    put_credits_on_sale(page)
    expect(page.get_by_text("4 of 6 done")).to_be_visible()
    connect_stripe(page)
    expect(page.get_by_text("5 of 6 done")).to_be_visible()

    page.get_by_role("button", name="Become a member").click()
    expect(page.get_by_role("button", name="Become a member")).to_have_count(0)
    page.goto("/harbour-loft/membership/credits/")
    page.get_by_role("link", name="Buy 10 credits for €12.00").click()
    type_card(page, "4242424242424242")
    pay(page)
    expect_success(page)

    page.goto("/harbour-loft/")
    expect(page.get_by_role("region", name="Sold today")).to_contain_text("€12.00")
    the_link_is_used_up(new_context(base_url=empty.url).new_page(), link)
    members_come_in_from_a_table(page)
    expect(page.get_by_text("of 6 done")).to_have_count(0)
    empty.manage("check_invariants")


def found_the_location(page, link):
    page.goto(link)
    page.get_by_label("Your name").fill("Nora Lind")
    page.get_by_label("Email").fill("nora@harbour.test")
    page.get_by_label("Password").fill("12345")
    page.get_by_label("Name of the location").fill("Harbour Loft")
    expect(page.get_by_label("Address")).to_have_value("harbour-loft")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Vienna")
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_label("Tax name").fill("VAT")
    page.get_by_label("Tax percent").fill("20")
    page.get_by_role("button", name="Open the location").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    page.set_viewport_size(PHONE)
    assert axe_violations(page) == []

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the location").click()
    expect(page.get_by_role("heading", name="Set up Harbour Loft")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})


def fill_in_details(page):
    page.get_by_role("link", name=re.compile("^Open.*Legal name and address")).click()
    page.get_by_label("Legal name").fill("Harbour Loft GmbH")
    page.get_by_label("Address").fill("Quay 1\n1010 Vienna")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Billing details saved.")).to_be_visible()
    page.get_by_role("link", name="Home", exact=True).click()


def put_credits_on_sale(page):
    page.get_by_role("link", name=re.compile("^Add.*Credit options")).click()
    page.get_by_role("button", name="Add credit option").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of credits").fill("10")
    dialog.get_by_label("Price").fill("10.00")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="10 credits")).to_be_visible()
    page.get_by_role("link", name="Home", exact=True).click()


def connect_stripe(page):
    page.get_by_role("link", name=re.compile("Connect Stripe")).click()
    for field, kind in (("Publishable key", "publishable"), ("Restricted key", "restricted")):
        key = page.get_by_test_id(f"demo-{kind}-key").inner_text()
        page.get_by_label(field).fill(key)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Connected to Harbour Loft.")).to_be_visible()
    page.get_by_role("link", name="Home", exact=True).click()


def the_link_is_used_up(page, link):
    page.goto(link)
    expect(page.get_by_role("heading", name="This link was used")).to_be_visible()


def members_come_in_from_a_table(page):
    page.goto("/harbour-loft/community/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Import").click()
    expect(page.get_by_role("heading", name="Import members")).to_be_visible()
    assert axe_violations(page) == []
    table = "Email;Name;Credits;Expiry\n" + "".join(
        f"p{number}@h.test;Zoë {number};{number};\n" for number in range(1, 51)
    )
    page.get_by_label("CSV or Excel file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": table.encode("cp1252")}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("50 rows, read as Windows-1252")).to_be_visible()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("button", name="Import 50 members")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Import 50 members").click()
    expect(page.get_by_role("heading", name="50 members imported")).to_be_visible()
    assert axe_violations(page) == []
    page.goto("/harbour-loft/community/export/")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV.*Balances")).click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "Email,Name,Credits,Permanent,Next lapse,Lots"
    assert "p50@h.test,Zoë 50,50,50,,50 for good" in lines
    page.goto("/harbour-loft/")
