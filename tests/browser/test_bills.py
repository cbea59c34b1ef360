"""A bill by hand, from opening to the last euro, as admin and member see it."""

from io import BytesIO
from pathlib import Path

from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import keep_a_card, pay, type_card
from tests.browser.counter import credit, issue_a_bill


def assert_pdf(page, *, says):
    """Follow the page's PDF link as a person does, and read what comes."""
    link = page.get_by_role("link", name="PDF", exact=True)
    answer = page.request.get(link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"
    with page.expect_download() as download:
        link.click()
    content = Path(download.value.path()).read_bytes()
    assert content == answer.body()
    assert content.startswith(b"%PDF")
    assert says in PdfReader(BytesIO(content)).pages[0].extract_text()


def test_a_bill_is_issued_credited_and_paid(place, nora, mia):
    nora.goto("community/")
    member = nora.get_by_role("link", name="Mia Holm").get_attribute("href")
    bill = issue_a_bill(nora, member)
    mia.goto("membership/bills/")
    expect(mia.get_by_role("cell", name="€60.00")).to_be_visible()
    for page, opened in ((mia, "membership/bills/"), (nora, "community/bills/"), (nora, bill)):
        page.goto(opened)
        assert_pdf(page, says="€60.00")

    note = credit(nora, "10")
    nora.get_by_role("button", name="Mark paid").click()
    dialog = nora.get_by_role("dialog")
    expect(dialog).to_contain_text("€50.00 was paid in full")
    dialog.get_by_label("Method").select_option("Cash")
    dialog.get_by_role("button", name="Mark paid").click()

    expect(nora.get_by_text("Paid €50.00", exact=True)).to_be_visible()
    mia.reload()
    mia.get_by_role("link", name="B-").click()
    expect(mia.get_by_text("Locker 12")).to_be_visible()
    expect(mia.get_by_text("Paid €50.00", exact=True)).to_be_visible()
    mia.goto(note)
    expect(mia.get_by_role("heading", level=1)).to_contain_text("Credit note C-")
    assert_pdf(mia, says="€10.00")
    nora.goto("community/bills/?state=paid")
    expect(nora.get_by_role("link", name="Mia Holm")).to_have_attribute("href", bill)


def test_a_bill_is_paid_by_card(place, nora, mia):
    nora.goto("community/")
    member = nora.get_by_role("link", name="Mia Holm").get_attribute("href")
    bill = issue_a_bill(nora, member)
    mia.goto("membership/bills/")
    mia.locator("#bills").get_by_role("link", name="Pay").click()
    expect(mia.get_by_role("heading", level=1)).to_contain_text("Pay bill B-")

    type_card(mia, "4000000000009995")
    pay(mia, "€60.00")
    expect(mia.get_by_role("alert")).to_contain_text("not enough funds")
    type_card(mia, "4000002760003184")
    pay(mia, "€60.00")
    complete = mia.get_by_role("button", name="Complete authentication")
    complete.click()
    complete.click()  # once for keeping the card on file, once for the money

    expect(mia.get_by_role("status")).to_contain_text("is paid: €60.00")
    expect(mia.get_by_text("Paid €60.00", exact=True)).to_be_visible()
    nora.goto(bill)
    expect(nora.get_by_text("Paid €60.00", exact=True)).to_be_visible()
    mia.goto("membership/payments/")
    expect(mia.get_by_role("row").filter(has_text="Failed")).to_have_count(1)
    expect(mia.get_by_role("row").filter(has_text="Succeeded")).to_contain_text("Bill B-")


def test_bills_pay_themselves_with_a_kept_card_if_wished(place, mia):
    keep_a_card(mia)

    mia.goto("membership/bills/")
    mia.get_by_label("Visa •••• 4242").check()
    mia.get_by_role("button", name="Save").click()

    expect(mia.get_by_role("status")).to_contain_text("Bills are paid with Visa •••• 4242")
    expect(mia.get_by_label("Visa •••• 4242")).to_be_checked()


def test_two_tabs_pay_a_bill_once(place, nora, mia):
    nora.goto("community/")
    issue_a_bill(nora, nora.get_by_role("link", name="Mia Holm").get_attribute("href"))
    mia.goto("membership/bills/")
    address = mia.locator("#bills").get_by_role("link", name="Pay").get_attribute("href")
    other = mia.context.new_page()
    for page in (mia, other):
        page.goto(address)
        type_card(page, "4242424242424242")

    pay(mia, "€60.00")
    expect(mia.get_by_text("Paid €60.00", exact=True)).to_be_visible()
    pay(other, "€60.00")

    expect(other.get_by_text("Paid €60.00", exact=True)).to_be_visible()
    assert len(place.book()) == 1
