"""An authenticator app, recovery codes and passkeys; and a location that asks its team for one."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NIGHT_PHONE, PATIENCE_MS, WIDE, sign_in
from tests.browser.looks import faults_of
from tests.browser.places import PASSWORD
from tests.browser.second_factors import App, plug_in_passkey


@pytest.fixture
def ida(estate):
    """Somebody whose account no other test uses; the email address."""
    email = f"ida{next(estate.numbers)}@quay.test"
    place = estate.open(people=[("--admin", f"Ida Sund <{email}>")], connected=False)
    return place, email


@pytest.fixture
def page(ida, new_context):
    place, email = ida
    context = new_context(base_url=place.url, viewport=WIDE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    sign_in(page, email)
    return page


def test_a_location_leads_its_admin_to_a_second_factor_and_back(page):
    page.goto("settings/credit-policy/")
    page.get_by_label("second factor").check()
    page.get_by_role("button", name="Save").first.click()
    looks_right(page, "A second factor is needed")
    page.get_by_role("link", name="Set up a second factor").click()
    looks_right(page, "Second factor")

    set_up_app(page)
    looks_right(page, "Recovery codes")
    page.get_by_role("link", name="I kept them").click()

    expect(page.get_by_role("link", name="Settings")).to_be_visible()


def test_a_code_and_a_recovery_code_sign_in_once_each(ida, page):
    place, email = ida
    page.goto("/accounts/2fa/")
    app = set_up_app(page)
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    kept = codes.all_inner_texts()

    fill_in_password_anew(page, email)
    looks_right(page, "Second factor")
    enter(page, "000000")
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    code = app.code()
    enter(page, code)
    fill_in_password_anew(page, email)
    enter(page, code)
    expect(page.get_by_text("it was used already")).to_be_visible()
    enter(page, kept[3])
    fill_in_password_anew(page, email)
    enter(page, kept[3])
    expect(page.get_by_text("it was used already")).to_be_visible()
    enter(page, kept[4])
    expect(page.get_by_role("button", name="Account")).to_be_visible()

    page.goto("/accounts/2fa/")
    expect(page.get_by_text("8 of 10 are unused")).to_be_visible()
    assert not secrets_in(place, email) & {app.secret, *kept}


def test_a_passkey_signs_in_alone_or_after_the_password(ida, page):
    _place, email = ida
    add_passkey(page)

    sign_out(page)
    looks_right(page, "Sign in")
    press(page, "Use a passkey")
    expect(page.get_by_role("button", name="Account")).to_be_visible()

    fill_in_password_anew(page, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
    press(page, "Use a passkey")
    expect(page.get_by_role("button", name="Account")).to_be_visible()


def test_a_passkey_that_is_removed_signs_in_no_more(page):
    add_passkey(page)
    sign_out(page)
    press(page, "Use a passkey")
    expect(page.get_by_role("button", name="Account")).to_be_visible()

    page.goto("/accounts/2fa/webauthn/")
    looks_right(page, "Passkeys")
    page.get_by_role("link", name="Remove My phone").click()
    page.get_by_role("link", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    looks_right(page, "Is it still you?")
    press(page, "Use a passkey")
    looks_right(page, "Remove My phone?")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None yet.")).to_be_visible()

    sign_out(page)
    press(page, "Use a passkey")
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_passkey_that_does_not_come_is_said_on_the_page(page):
    page.goto("/accounts/2fa/webauthn/add/")
    say_it_is_me(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a passkey")
    page.evaluate("() => { navigator.credentials.create = () => Promise.reject('closed') }")

    press(page, "Add")

    words = "The passkey was not used. Try again, or take another way."
    expect(page.get_by_role("alert")).to_have_text(words)


def test_the_app_is_switched_off_and_the_password_is_enough_again(ida, page):
    _place, email = ida
    page.goto("/accounts/2fa/")
    app = set_up_app(page)
    page.get_by_role("link", name="Make new codes").click()
    looks_right(page, "Make new recovery codes?")
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_text("10 of 10 unused")).to_be_visible()
    fill_in_password_anew(page, email)
    enter(page, app.code())
    expect(page.get_by_role("button", name="Account")).to_be_visible()
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Switch off").click()
    say_it_is_me(page)
    looks_right(page, "Switch the authenticator app off?")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("The authenticator app is off.")).to_be_visible()

    fill_in_password_anew(page, email)

    expect(page.get_by_role("button", name="Account")).to_be_visible()


def add_passkey(page):
    plug_in_passkey(page)
    page.goto("/accounts/2fa/")
    looks_right(page, "Second factor")
    page.get_by_role("link", name="Add a passkey").click()
    say_it_is_me(page)
    looks_right(page, "Add a passkey")
    page.get_by_label("Name").fill("My phone")
    expect(page.get_by_label("Sign in with it alone")).to_be_checked()
    press(page, "Add")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def press(page, name):
    """Press what a script listens to: not before the page is whole and the script is there."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    page.wait_for_load_state()
    button.click()


def set_up_app(page):
    page.get_by_role("link", name="Set up the app").click()
    say_it_is_me(page)
    expect(page.get_by_alt_text("The key as a picture")).to_be_visible()
    looks_right(page, "Set up the authenticator app")
    app = App(page.get_by_label("Key").input_value())
    page.get_by_label("Code").fill("12")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    page.get_by_label("Code").fill(app.code())
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return app


def say_it_is_me(page):
    """What changes how somebody signs in asks for the password once more."""
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page):
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def fill_in_password_anew(page, email):
    sign_out(page)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def enter(page, code):
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def secrets_in(place, email):
    """What the database keeps of somebody's second factors, as it stands there."""
    rows = place.rows(
        "SELECT factor.data::text AS data FROM mfa_authenticator AS factor"
        f" JOIN community_user AS person ON person.id = factor.user_id WHERE email = '{email}'"
    )
    return {word for row in rows for word in row["data"].split('"')}


def looks_right(page, heading):
    """By day on a desk, by night on a phone; a script may still be on its way to the page."""
    expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    for colours, size in (("dark", NIGHT_PHONE["viewport"]), ("light", WIDE)):
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size(size)
        assert faults_of(page) == []
