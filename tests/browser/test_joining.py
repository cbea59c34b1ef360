"""People come in: by invitation, by asking; and what a suspension stops on the spot."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    PATIENCE_MS,
    PHONE,
    eventually,
    expect_success,
    open_checkout,
    pay,
    type_card,
)
from tests.browser.looks import axe_violations

GOOD = "4242424242424242"


@pytest.fixture
def stranger(place, new_context):
    """A browser where nobody is signed in. Doors that stay shut are errors to its console."""

    def open_browser(**options):
        context = new_context(base_url=place.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        return context.new_page()

    return open_browser


@pytest.fixture
def mail_to(stack):
    """Wait for the newest mail to an address and give the link in it that matches."""

    def link(address, pattern):
        found = []

        def arrived():
            found[:] = [
                body.get_content()
                for path in sorted((Path(stack.environment["DATA"]) / "mail").glob("*"))
                if (body := body_of(path, address))
            ]
            return any(re.search(pattern, text) for text in found)

        eventually(arrived)
        return [match[0] for text in found if (match := re.search(pattern, text))][-1]

    return link


def body_of(path, address):
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return message.get_body(("plain",)) if message["To"] == address else None


INVITATION = r"http\S+/invitations/\S+"
PASSWORD_RESET = r"http\S+/accounts/password/reset/key/\S+"
CONFIRMATION = r"http\S+/accounts/confirm-email/\S+"


def sign_up(page, name, email=None):
    page.get_by_label("Name").fill(name)
    if email:
        page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("a-long-passphrase")
    page.get_by_role("button", name="Create an account").click()


def invite(admin, address):
    admin.goto("community/")
    admin.get_by_role("button", name="Invite members").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Email").fill(address)
    dialog.get_by_role("button", name="Send invitations").click()


def expect_mail_on_its_way(admin):
    """From then on the list of the invited is not drawn anew by itself."""
    expect(admin.get_by_role("button", name="Copy link")).to_be_visible()
    admin.wait_for_load_state()
    expect(admin.locator("#invited[hx-get]")).to_have_count(0)


def test_who_is_invited_accepts_and_buys(place, nora, watched, mail_to):
    address = f"ada@{place.slug}.test"
    invite(nora, "ada")
    expect(nora.get_by_role("dialog")).to_contain_text("“ada” is no email address.")
    invite(nora, address)
    expect(nora.get_by_role("row").filter(has_text=address)).to_contain_text("Invited")
    expect_mail_on_its_way(nora)
    assert axe_violations(nora) == []

    ada = watched(base_url=place.url).new_page()
    ada.goto(mail_to(address, INVITATION))
    ada.get_by_role("link", name="Create an account").click()
    expect(ada.get_by_label("Email")).to_have_value(address)
    expect(ada.get_by_label("Email")).not_to_be_editable()
    sign_up(ada, "Ada Okafor")
    expect(ada.get_by_role("button", name="Accept")).to_be_visible()
    assert axe_violations(ada) == []
    ada.get_by_role("button", name="Accept").click()
    expect(ada.get_by_text("Welcome to Quay")).to_be_visible()

    open_checkout(ada)
    type_card(ada, GOOD)
    pay(ada)
    expect_success(ada)
    nora.goto("community/")
    expect(nora.get_by_role("row").filter(has_text=address)).to_contain_text("Active")


def test_an_admin_copies_the_link(place, nora, stack, watched):
    nora.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stack.url)
    invite(nora, f"ben@{place.slug}.test")
    expect_mail_on_its_way(nora)

    nora.get_by_role("button", name="Copy link").click()

    expect(nora.get_by_role("button", name="Copied")).to_be_visible()
    ben = watched(base_url=place.url).new_page()
    ben.goto(nora.evaluate("navigator.clipboard.readText()"))
    expect(ben.get_by_text(f"Nora Lind invites ben@{place.slug}.test.")).to_be_visible()
    # Nobody showed yet that the mailbox is theirs, so that is asked for.
    ben.get_by_role("link", name="Create an account").click()
    sign_up(ben, "Ben Wirth")
    expect(ben.get_by_role("heading", name="Look at your email")).to_be_visible()


def test_who_asks_to_join_is_accepted(place, nora, stranger, mail_to):
    address = f"tomas@{place.slug}.test"
    tomas = stranger(viewport=PHONE)
    tomas.goto("")
    tomas.get_by_role("link", name="Create an account").click()
    sign_up(tomas, "Tomas Reyes", address)
    expect(tomas.get_by_role("heading", name="Look at your email")).to_be_visible()
    tomas.goto(mail_to(address, CONFIRMATION))
    tomas.get_by_role("button", name="Confirm").click()
    expect(tomas.get_by_role("heading", level=1)).to_contain_text("You aren't a member of Quay")
    assert axe_violations(tomas) == []
    tomas.get_by_label("A word to the team").fill("A desk by the window?")
    tomas.get_by_role("button", name="Ask to join").click()
    expect(tomas.get_by_text("You asked to join on")).to_be_visible()

    nora.goto("community/")
    expect(nora.get_by_text("“A desk by the window?”")).to_be_visible()
    nora.get_by_role("button", name="Accept Tomas Reyes").click()
    expect(nora.get_by_text("Tomas Reyes is a member now.")).to_be_visible()

    assert place.slug in mail_to(address, rf"http\S+/{place.slug}/")
    tomas.reload()
    expect(tomas.get_by_role("link", name="Buy credits")).to_be_visible()


def test_who_is_imported_comes_in_by_a_password_of_their_own(place, nora, watched, mail_to):
    address = f"zoe@{place.slug}.test"
    import_table(nora, f"Email,Name,Credits,Expiry\n{address},Zoë Lang,12.5,\n")

    zoe = watched(base_url=place.url).new_page()
    zoe.goto("")
    zoe.get_by_role("link", name="Forgot it?").click()
    zoe.get_by_label("Email").fill(address)
    zoe.get_by_role("button", name="Send the link").click()
    zoe.goto(mail_to(address, PASSWORD_RESET))
    zoe.get_by_label("New password", exact=True).fill("a-long-passphrase")
    zoe.get_by_label("New password again").fill("a-long-passphrase")
    zoe.get_by_role("button", name="Save the new password").click()
    zoe.get_by_role("link", name="Sign in").click()
    zoe.get_by_label("Email").fill(address)
    zoe.get_by_label("Password").fill("a-long-passphrase")
    zoe.get_by_role("button", name="Sign in", exact=True).click()

    expect(zoe.get_by_role("heading", level=1)).to_contain_text("Zoë")
    zoe.goto("membership/credits/")
    expect(zoe.get_by_test_id("balance")).to_have_text("12.5")
    expect(zoe.get_by_role("link", name="Buy 10 credits")).to_be_visible()


def import_table(admin, table):
    admin.goto("community/import/")
    admin.get_by_label("CSV or Excel file").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    admin.get_by_role("button", name="Upload").click()
    admin.get_by_role("button", name="Check").click()
    admin.get_by_role("button", name="Import 1 member").click()
    expect(admin.get_by_role("heading", name="1 member imported")).to_be_visible()


def test_who_is_suspended_during_checkout_pays_nothing(place, mia, nora):
    open_checkout(mia)
    type_card(mia, GOOD)
    answer(nora, "Suspend", "Rent is unpaid")

    pay(mia)

    expect(mia.get_by_role("alert")).to_contain_text("Your membership is suspended")
    assert place.book() == []
    assert "completed" not in place.purchase_states()


def test_who_is_removed_during_checkout_pays_nothing_and_is_shown_the_door(
    place, nora, stranger, sessions
):
    mia = stranger(storage_state=sessions("mia@quay.test"))
    open_checkout(mia)
    type_card(mia, GOOD)
    answer(nora, "Remove", "Moved away")

    pay(mia)

    expect(mia.get_by_role("heading", level=1)).to_contain_text("any more")
    assert place.book() == []
    mia.get_by_role("link", name="Your receipts").click()
    expect(mia.get_by_role("heading", name="Your receipts")).to_be_visible()


def test_a_bell_that_is_open_when_its_owner_leaves_shows_the_door(place, nora, stranger, sessions):
    mia = stranger(storage_state=sessions("mia@quay.test"))
    mia.goto("membership/credits/")
    answer(nora, "Remove", "Moved away")

    mia.get_by_role("button", name="Notifications").click()

    expect(mia.get_by_role("heading", level=1)).to_contain_text("any more")


def answer(admin, action, reason):
    """Suspend or remove Mia."""
    admin.goto("community/?q=mia")
    admin.get_by_role("link", name="Mia Holm").click()
    admin.get_by_role("button", name="More").click()
    if action == "Remove":  # on a page of its own, which says what it does
        admin.get_by_role("link", name=action).click()
        form = admin.get_by_role("main")
    else:
        admin.get_by_role("button", name=action).click()
        form = admin.get_by_role("dialog")
    form.get_by_label("Reason").fill(reason)
    form.get_by_role("button", name=action).click()
    expect(admin.get_by_text("The membership")).to_be_visible()
