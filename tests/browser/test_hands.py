"""By keyboard alone, by thumb on a small phone, and in the dark."""

from playwright.sync_api import expect

from tests.browser.conftest import (
    NIGHT_PHONE,
    expect_success,
    keep_a_card,
    open_checkout,
    type_card,
)
from tests.browser.looks import assert_focus_is_visible, faults_of
from tests.browser.places import MEMBER, OTHER_MEMBER, PASSWORD

STOPS = 40


def test_without_a_mouse_one_signs_in_and_buys_with_a_kept_card(place, mia, watched):
    keep_a_card(mia)
    page = watched(base_url=place.url).new_page()
    page.goto(f"/accounts/login/?next=/{place.slug}/membership/credits/")

    tab_to(page, page.get_by_label("Email"))
    page.keyboard.type(MEMBER)
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    press(page, page.get_by_role("link", name="Buy 10 credits for €12.00"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Buy 10 credits")
    tab_to(page, page.get_by_role("radio", name="Visa •••• 4242"))
    press(page, page.get_by_role("button", name="Pay €12.00"))

    expect_success(page)
    expect(page.get_by_test_id("balance")).to_have_text("20")
    press(page, page.get_by_role("button", name="Notifications"))
    expect(page.get_by_role("link", name="10 credits added").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Notifications")).to_be_focused()
    press(page, page.get_by_role("link", name="Skip to content"), from_top=True)
    expect(page.get_by_role("main")).to_be_focused()


def test_on_a_small_phone_one_buys_without_scrolling_sideways(place, visit):
    page = visit(place, MEMBER, **NIGHT_PHONE)
    page.goto("membership/credits/")
    page.get_by_role("link", name="Buy 10 credits for €12.00").tap()
    button = page.get_by_role("button", name="Pay €12.00")
    expect(button).to_be_in_viewport(ratio=1)

    type_card(page, "4242424242424242")
    assert faults_of(page, finger=True) == []
    expect(button).to_be_in_viewport(ratio=1)
    button.tap()

    expect_success(page)
    assert faults_of(page, finger=True) == []


def test_a_choice_of_theme_stays_wherever_one_signs_in(place, visit):
    page = visit(place, OTHER_MEMBER)
    page.goto("membership/credits/")
    html = page.locator("html")
    expect(html).not_to_have_attribute("data-theme", "deskmint-dark")

    choose_theme(page, "Dark")
    expect(html).to_have_attribute("data-theme", "deskmint-dark")
    assert page.url.endswith("/membership/credits/")
    elsewhere = visit(place, OTHER_MEMBER, color_scheme="light")
    elsewhere.goto("membership/payments/")
    expect(elsewhere.locator("html")).to_have_attribute("data-theme", "deskmint-dark")

    choose_theme(page, "System")
    expect(html).not_to_have_attribute("data-theme", "deskmint-dark")


def test_everything_has_the_name_by_which_people_and_guides_call_it(place, mia, nora):
    mia.goto("membership/credits/")
    for role, name in (
        ("link", "Membership"),
        ("button", "Notifications"),
        ("button", "Account"),
        ("link", "Credits"),
        ("link", "Payments"),
        ("link", "Personal"),
        ("heading", "Balance"),
        ("heading", "Buy Credits"),
        ("link", "Transactions"),
    ):
        expect(mia.get_by_role(role, name=name, exact=True)).to_be_visible()
    expect(mia.get_by_role("link", name="Community")).to_have_count(0)

    open_checkout(mia)
    methods = mia.get_by_role("radiogroup", name="Payment method")
    expect(methods.get_by_role("radio", name="Card")).to_be_checked()
    expect(mia.get_by_role("radio", name="Use a new card")).to_be_checked()
    expect(mia.get_by_test_id("card-form")).to_be_visible()
    expect(mia.get_by_role("checkbox", name="Keep this card")).not_to_be_checked()
    expect(mia.get_by_text("Credit purchases can't be cancelled or refunded.")).to_be_visible()

    nora.goto("community/")
    expect(nora.get_by_role("link", name="Community", exact=True).first).to_be_visible()
    expect(nora.get_by_role("link", name="Members", exact=True)).to_be_visible()
    nora.goto("community/credit-options/")
    for name in ("Add credit option", "Edit 10 credits", "Archive 10 credits"):
        expect(nora.get_by_role("button", name=name)).to_be_visible()


def test_signing_out_ends_it_and_a_wrong_password_says_so(place, watched):
    page = watched(base_url=place.url).new_page()
    page.goto("membership/credits/")
    page.get_by_label("Email").fill(MEMBER)
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("balance")).to_have_text("0")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("membership/credits/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def tab_to(page, target, *, from_top=False):
    """Press Tab until the target has the focus; the focus is seen at every stop."""
    if from_top:
        page.evaluate("document.activeElement.blur()")
        page.reload()
    expect(target).to_be_visible() if not from_top else expect(target).to_be_attached()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        assert_focus_is_visible(page)
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is not among the first {STOPS} stops")


def press(page, target, **where):
    tab_to(page, target, **where)
    page.keyboard.press("Enter")


def choose_theme(page, name):
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name=name, exact=True).click()
