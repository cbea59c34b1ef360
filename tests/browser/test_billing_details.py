"""Billing details in the browser: who says them, who frees of tax, and what the PDF tells."""

from io import BytesIO

from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.counter import issue_a_bill
from tests.browser.places import MEMBER


def test_a_member_says_how_documents_name_them(place, mia, nora):
    mia.goto("membership/bills/")
    mia.get_by_role("link", name="Billing details").click()
    mia.get_by_label("Name on documents").fill("Holm & Søn ApS")
    mia.get_by_label("Address").fill("Havnegade 1\n1058 København")
    mia.get_by_label("VAT number").fill("12345")
    mia.get_by_role("button", name="Save").click()

    expect(mia.get_by_text("This is no VAT number.")).to_be_visible()
    mia.get_by_label("VAT number").fill("dk 13 58 56 28")
    mia.get_by_label("Emails for documents").fill("books@holm.test\nmia@holm.test")
    mia.get_by_label("Reference").fill("PO-4711")
    mia.get_by_role("button", name="Save").click()

    expect(mia.get_by_text("Billing details saved.")).to_be_visible()
    text = bill_text(nora, issue_a_bill(nora, member_of(nora)))
    for words in ("Holm & Søn ApS", "1058 København", "VAT DK13585628", "PO-4711", "VAT 20 %"):
        assert words in text


def test_a_manager_edits_the_company_s(place, nora, mia):
    nora.goto("community/companies/add/")
    nora.get_by_label("Name").fill("Studio North")
    nora.get_by_label("First manager").fill(MEMBER)
    nora.get_by_role("button", name="Add company").click()
    expect(nora.get_by_role("heading", name="Studio North")).to_be_visible()
    company = nora.evaluate("location.pathname")

    mia.goto("membership/billing-details/")
    mia.get_by_role("link", name="Studio North").click()
    mia.get_by_label("Address").fill("Vestergade 12")
    mia.get_by_role("button", name="Save").click()

    expect(mia.get_by_text("Billing details saved.")).to_be_visible()
    nora.goto(f"{company}bills/")
    nora.get_by_role("link", name="Billing details").click()
    expect(nora.get_by_label("Address")).to_have_value("Vestergade 12")


def test_after_a_reverse_charge_the_next_bill_has_no_tax_and_says_so(place, nora, mia):
    member = member_of(nora)
    nora.goto(f"{member}bills/")
    nora.get_by_role("link", name="Billing details").click()
    nora.get_by_label("Reverse charge").check()
    nora.get_by_role("button", name="Save").click()
    expect(nora.get_by_text("Reverse charge needs the customer's VAT number.")).to_be_visible()
    nora.get_by_label("VAT number").fill("DK13585628")
    nora.get_by_role("button", name="Save").click()
    expect(nora.get_by_text("Billing details saved.")).to_be_visible()

    text = bill_text(nora, issue_a_bill(nora, member))

    assert "Reverse charge: VAT is to be accounted for by the recipient." in text
    assert "VAT 0 %" in text
    assert "€50.00" in text
    assert "€60.00" not in text
    mia.goto("membership/credits/")
    expect(mia.get_by_role("link", name="Buy 10 credits for €10.00")).to_be_visible()
    mia.goto("membership/billing-details/")
    expect(mia.get_by_text("Reverse charge: VAT is to be accounted for")).to_be_visible()


def member_of(admin):
    admin.goto("community/")
    return admin.get_by_role("link", name="Mia Holm").get_attribute("href")


def bill_text(page, bill):
    page.goto(bill)
    link = page.get_by_role("link", name="PDF", exact=True)
    pdf = page.request.get(link.get_attribute("href")).body()
    return PdfReader(BytesIO(pdf)).pages[0].extract_text()
