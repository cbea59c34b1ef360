"""Every page, for each person, by day on a desk and by night on a phone."""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NIGHT_PHONE, keep_a_card, open_checkout, pay, type_card
from tests.browser.counter import (
    add_to_bill,
    connect_bank,
    credit,
    hold,
    issue_a_bill,
    make_key,
    order_transfer,
)
from tests.browser.looks import faults_of
from tests.browser.places import ADMIN, MEMBER, STAFF, Place

DESK = {"color_scheme": "light"}
LOOKS = pytest.mark.parametrize("look", [DESK, NIGHT_PHONE], ids=["light desk", "dark phone"])


@dataclass(frozen=True)
class Furnished:
    """A location in which something of everything has happened."""

    place: Place
    member: str
    company: str
    option: str
    receipt: str
    success: str
    declined: str
    waiting: str
    bill: str
    open_bill: str
    own_bill: str
    credit_note: str
    transfer: str
    transfer_to_confirm: str
    webhook: str


@pytest.fixture(scope="module")
def furnished(estate, browser, sessions):
    place = estate.open()
    with (
        browser.new_context(base_url=place.url, storage_state=sessions(MEMBER)) as mias,
        browser.new_context(base_url=place.url, storage_state=sessions(ADMIN)) as noras,
    ):
        mia, nora = mias.new_page(), noras.new_page()
        webhook = add_webhook(nora)
        keep_a_card(mia)
        success = mia.url
        receipt = mia.get_by_role("link", name="Receipt").get_attribute("href")
        declined = decline(mia)
        waiting = leave_at_the_bank(mia)
        nora.goto("community/")
        member = nora.get_by_role("link", name="Mia Holm").get_attribute("href")
        company = add_company(nora)
        option = mia.evaluate("location.pathname").split("/")[-2]
        bill = issue_a_bill(nora, member)
        note = credit(nora, "10")
        nora.goto(f"{member}bills/")
        nora.get_by_role("button", name="Open a bill").click()
        add_to_bill(nora, "Locker 12", "10")
        open_bill = nora.evaluate("location.pathname")
        connect_bank(nora)
        transfer = order_transfer(mia)
        nora.goto("community/transfers/")
        confirm = nora.get_by_role("link", name="Confirm RF").get_attribute("href")
        hold(nora, make_key(nora))
    own_bill = f"membership/bills/{bill.split('/')[-2]}/"
    return Furnished(
        *(place, member, company, option, receipt, success, declined, waiting),
        *(bill, open_bill, own_bill, note, transfer, confirm, webhook),
    )


@pytest.fixture(scope="module")
def bare(estate):
    """A location on its first day: nothing on sale, no gateway."""
    return estate.open(options=(), connected=False)


def add_company(admin):
    """One that Mia manages; its page's path."""
    admin.goto("community/companies/add/")
    admin.get_by_label("Name").fill("Studio North")
    admin.get_by_label("First manager").fill(MEMBER)
    admin.get_by_role("button", name="Add company").click()
    expect(admin.get_by_role("heading", name="Studio North")).to_be_visible()
    return admin.evaluate("location.pathname")


def add_webhook(admin):
    """One that hears of credits; its page's path. Nobody is there, so nothing is taken."""
    admin.goto("settings/api/webhooks/add/")
    admin.get_by_label("Address").fill("https://desk.invalid/hook")
    admin.get_by_label("Credits are added").check()
    admin.get_by_role("button", name="Add webhook").click()
    expect(admin.get_by_label("Signing secret")).to_have_value(re.compile("^whsec_"))
    admin.goto("settings/api/")
    return admin.get_by_role("link", name="desk.invalid").get_attribute("href")


def decline(page):
    open_checkout(page)
    page.get_by_label("Use a new card").check()
    type_card(page, "4000000000009995")
    pay(page)
    expect(page.get_by_role("alert")).to_contain_text("not enough funds")
    return page.url


def leave_at_the_bank(page):
    open_checkout(page)
    page.get_by_label("Use a new card").check()
    type_card(page, "4000002760003184")
    pay(page)
    with page.expect_response("**/confirm/") as answer:
        page.get_by_role("button", name="Complete authentication").click()
        expect(page.get_by_text("3D Secure")).to_be_visible()
    return answer.value.json()["return_url"]


@LOOKS
def test_the_member_s_pages(furnished, visit, look):
    page = visit(furnished.place, MEMBER, **look)
    walk(
        page,
        look,
        [
            "",
            "membership/credits/",
            "/api/v1/docs",
            "membership/credits/?refused=option_not_on_sale",
            "membership/credits/transactions/",
            "membership/credits/transactions/?kind=used&month=November",
            "membership/payments/",
            "membership/payments/cards/add/",
            f"membership/companies/{furnished.company.split('/')[-2]}/people/",
            "membership/bills/",
            "membership/billing-details/",
            f"membership/companies/{furnished.company.split('/')[-2]}/billing-details/",
            furnished.own_bill,
            furnished.credit_note,
            "notifications/",
            "notifications/preferences/",
            f"membership/credits/buy/{furnished.option}/",
            furnished.declined,
            furnished.success,
            furnished.waiting,
            furnished.receipt,
            furnished.transfer,
            f"membership/companies/{furnished.company.split('/')[-2]}/payments/cards/add/",
        ],
    )
    open_and_look(page, look, "", page.get_by_role("button", name="Account"))
    open_and_look(page, look, "", page.get_by_role("button", name="Notifications"))
    open_and_look(
        page, look, "membership/payments/", page.get_by_role("button", name="Remove Visa")
    )


@LOOKS
def test_the_admin_s_pages(furnished, visit, look):
    page = visit(furnished.place, ADMIN, **look)
    walk(
        page,
        look,
        [
            "",
            "community/",
            "community/?q=nobody",
            furnished.member,
            f"{furnished.member}credits/",
            f"{furnished.member}payments/",
            "community/companies/",
            "community/companies/?q=nobody",
            "community/companies/add/",
            furnished.company,
            f"{furnished.company}credits/",
            f"{furnished.company}payments/",
            f"{furnished.company}close/",
            f"{furnished.member}plan/",
            "community/plans/",
            "community/plans/add/",
            f"{furnished.member}bills/",
            f"{furnished.member}billing-details/",
            f"{furnished.company}billing-details/",
            "community/bills/",
            "community/bills/?q=nobody",
            "community/bills/open/",
            "community/bills/open/?q=nobody",
            furnished.bill,
            f"{furnished.bill}credit/",
            furnished.open_bill,
            furnished.credit_note,
            "community/credit-options/",
            "community/credit-options/add/",
            f"community/credit-options/{furnished.option}/edit/",
            furnished.receipt,
            "analytics/",
            "analytics/?before=on&method=stripe",
            f"analytics/{datetime.now(ZoneInfo('Europe/Berlin')):%Y-%m}/",
            "notifications/",
            f"community/transactions/{furnished.success.split('/')[-2]}/refund/",
            "community/owed/",
            "community/transfers/",
            "community/transfers/?q=nobody",
            furnished.transfer_to_confirm,
            "settings/payments/",
            "settings/bank-transfer/",
            "notifications/preferences/",
            "settings/notifications/",
            "settings/deliveries/",
            "settings/api/",
            "settings/api/webhooks/add/",
            furnished.webhook,
        ],
    )
    open_and_look(page, look, furnished.webhook, page.get_by_role("button", name="Remove"))
    open_and_look(page, look, "community/", page.get_by_role("button", name="More"))
    company = furnished.company
    open_and_look(page, look, company, page.get_by_role("button", name="Add member"))
    open_and_look(page, look, company, page.get_by_role("button", name="More"))
    open_and_look(page, look, furnished.bill, page.get_by_role("button", name="Mark paid"))
    for document in (furnished.bill, furnished.credit_note, furnished.receipt):
        open_and_look(page, look, document, page.get_by_role("button", name="Send again"))
    open_and_look(page, look, furnished.open_bill, page.get_by_role("button", name="Add an item"))
    open_and_look(page, look, furnished.open_bill, page.get_by_role("button", name="Issue"))
    options = "community/credit-options/"
    open_and_look(page, look, options, page.get_by_role("button", name="Add credit option"))
    open_and_look(page, look, options, page.get_by_role("button", name="Archive 10 credits"))


def test_the_staff_s_pages(furnished, visit):
    walk(
        visit(furnished.place, STAFF, **DESK),
        DESK,
        [
            "",
            "community/",
            furnished.member,
            f"{furnished.member}credits/",
            f"{furnished.member}payments/",
            "community/companies/",
            furnished.company,
            f"{furnished.member}bills/",
            f"{furnished.member}billing-details/",
            "community/bills/",
            furnished.bill,
            "community/credit-options/",
            furnished.receipt,
        ],
    )


@LOOKS
def test_the_pages_before_and_beside_a_location(furnished, visit, new_context, sessions, look):
    walk(visit(furnished.place, MEMBER, **look), look, ["/"])
    # What is refused has a status that Chromium calls an error, so nobody watches here.
    stranger = new_context(base_url=furnished.place.stack.url, **look).new_page()
    walk(
        stranger,
        look,
        ["/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/"],
    )
    member = new_context(
        base_url=furnished.place.url, storage_state=sessions(MEMBER), **look
    ).new_page()
    walk(member, look, ["/harbour/", "membership/nothing/", "community/"])


@LOOKS
def test_a_new_location_s_empty_pages(bare, visit, look):
    walk(
        visit(bare, MEMBER, **look),
        look,
        [
            "",
            "membership/credits/",
            "membership/credits/transactions/",
            "membership/payments/",
            "membership/bills/",
            "notifications/",
            "notifications/preferences/",
        ],
    )
    walk(
        visit(bare, ADMIN, **look),
        look,
        ["", "community/", "community/companies/", "community/bills/", "community/credit-options/"],
    )


def walk(page, look, addresses):
    faults = {}
    for address in addresses:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if found := faults_of(page, finger=look is NIGHT_PHONE):
            faults[address] = found
    assert faults == {}


def open_and_look(page, look, address, button):
    page.goto(address)
    button.click()
    expect(page.locator(":popover-open, dialog[open]")).to_be_visible()
    assert faults_of(page, finger=look is NIGHT_PHONE) == []
