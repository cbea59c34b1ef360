"""A company comes to be, its manager brings people in, and it closes and opens again."""

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.looks import axe_violations
from tests.browser.places import MEMBER, OTHER_MEMBER


def test_an_admin_adds_a_company_and_its_manager_runs_it(place, nora, visit):
    nora.goto("community/")
    nora.get_by_role("link", name="Companies", exact=True).click()
    nora.get_by_role("link", name="Add company").click()
    nora.get_by_label("Name").fill("Studio North")
    nora.get_by_role("button", name="Add company").click()
    expect(nora.get_by_role("heading", name="Studio North", level=1)).to_be_visible()

    nora.get_by_role("button", name="Add member").click()
    dialog = nora.get_by_role("dialog")
    dialog.get_by_label("Member").first.fill("nobody")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(nora.get_by_role("dialog")).to_contain_text("No active member is found by this.")
    assert axe_violations(nora) == []
    dialog.get_by_label("Member").first.fill(MEMBER)
    dialog.get_by_role("button", name="Add", exact=True).click()
    nora.get_by_role("button", name="Make manager Mia Holm").click()
    expect(nora.get_by_role("row").filter(has_text="Mia Holm")).to_contain_text("Manager")
    nora.get_by_role("button", name="Remove Mia Holm").click()
    expect(nora.get_by_role("alert")).to_contain_text("would be left without a manager")
    company = nora.evaluate("location.pathname").split("/people/")[0].split("/")[-1]

    mia = visit(place, MEMBER, viewport=PHONE)
    mia.goto(f"membership/companies/{company}/people/")
    for email in (OTHER_MEMBER, f"ada@{place.slug}.test"):
        mia.get_by_label("Email").fill(email)
        mia.get_by_role("button", name="Invite").click()
    expect(mia.get_by_role("row").filter(has_text="Theo Night")).to_contain_text("Member")
    expect(mia.get_by_role("row").filter(has_text=f"ada@{place.slug}.test")).to_be_visible()
    assert axe_violations(mia) == []
    theo = visit(place, OTHER_MEMBER)
    theo.goto(f"membership/companies/{company}/people/")
    expect(theo.get_by_text("Mia Holm")).to_be_visible()
    expect(theo.get_by_role("button", name="Invite")).to_have_count(0)


def test_an_admin_closes_a_company_and_reopens_it(place, nora):
    nora.goto("community/companies/add/")
    nora.get_by_label("Name").fill("Tideline")
    nora.get_by_role("button", name="Add company").click()

    nora.get_by_role("button", name="More").click()
    nora.get_by_role("link", name="Close company").click()
    expect(nora.get_by_role("heading", level=1)).to_have_text("Close Tideline?")
    nora.get_by_role("button", name="Close company").click()
    expect(nora.get_by_text("This company is closed.")).to_be_visible()
    nora.get_by_role("button", name="Reopen").click()

    expect(nora.get_by_text("Tideline is open again.")).to_be_visible()
    expect(nora.get_by_text("This company is closed.")).to_have_count(0)
