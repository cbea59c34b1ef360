"""A company comes to be, its manager brings people in, and it closes and opens again."""

from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.looks import axe_violations
from tests.browser.places import MEMBER, OTHER_MEMBER


def add_company(admin, name, *, manager=""):
    """Add one by its page and give its number."""
    admin.goto("community/companies/add/")
    admin.get_by_label("Name").fill(name)
    admin.get_by_label("First manager").fill(manager)
    admin.get_by_role("button", name="Add company").click()
    expect(admin.get_by_role("heading", name=name, level=1)).to_be_visible()
    return admin.evaluate("location.pathname").split("/")[-2]


def test_an_admin_adds_a_company_and_makes_a_manager(nora):
    nora.goto("community/")
    nora.get_by_role("link", name="Companies", exact=True).click()
    expect(nora.get_by_role("link", name="Add company")).to_be_visible()
    add_company(nora, "Studio North")

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
    nora.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(nora.get_by_role("alert")).to_contain_text("would be left without a manager")


def test_a_manager_brings_people_in(place, nora, visit):
    people = f"membership/companies/{add_company(nora, 'Studio North', manager=MEMBER)}/people/"
    mia = visit(place, MEMBER, viewport=PHONE)
    mia.goto(people)

    for email in (OTHER_MEMBER, f"ada@{place.slug}.test"):
        mia.get_by_label("Email").fill(email)
        mia.get_by_role("button", name="Invite", exact=True).click()
        expect(mia.get_by_role("status").filter(has_text=" is ")).to_be_visible()

    expect(mia.get_by_role("row").filter(has_text="Theo Night")).to_contain_text("Member")
    expect(mia.get_by_role("row").filter(has_text=f"ada@{place.slug}.test")).to_be_visible()
    assert axe_violations(mia) == []
    theo = visit(place, OTHER_MEMBER)
    theo.goto(people)
    expect(theo.get_by_role("row").filter(has_text="Mia Holm")).to_contain_text("Manager")
    expect(theo.get_by_role("button", name="Invite")).to_have_count(0)


def test_an_admin_closes_a_company_and_reopens_it(place, nora):
    add_company(nora, "Tideline")

    nora.get_by_role("button", name="More").click()
    nora.get_by_role("link", name="Close company").click()
    expect(nora.get_by_role("heading", level=1)).to_have_text("Close Tideline?")
    nora.get_by_role("button", name="Close company").click()
    expect(nora.get_by_text("This company is closed.")).to_be_visible()
    nora.get_by_role("button", name="Reopen").click()

    expect(nora.get_by_text("Tideline is open again.")).to_be_visible()
    expect(nora.get_by_text("This company is closed.")).to_have_count(0)
