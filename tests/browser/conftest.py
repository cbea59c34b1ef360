"""Chromium in front of one real `make run`. Every test has a location of its own there."""

from __future__ import annotations

from time import monotonic, sleep

import pytest
from playwright.sync_api import Page, expect

from tests.browser.places import ADMIN, MEMBER, PASSWORD, STAFF, Estate

PATIENCE_MS = 30_000
# A broker's error makes sending rest, and sweeps come each minute.
WORKERS_PATIENCE_SECONDS = 150
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
NIGHT_PHONE = {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="session", autouse=True)
def patience():
    """Two cores may be busy with a whole stack: be slow to give up, never sleep."""
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def base_url():
    """None for all: each browser's addresses begin at its location."""
    return


@pytest.fixture(scope="session")
def estate(stack):
    estate = Estate(stack)
    yield estate
    estate.close()


@pytest.fixture
def place(estate):
    """A location with one option, 10 credits for €12.00, where Mia is a member."""
    place = estate.open()
    yield place
    assert_books_agree(place)


@pytest.fixture(scope="session")
def sessions(stack, browser):
    """Sign each person in by the form, and give what their browser then stores.

    Anew before it grows so old that keys may not be changed with it without the password.
    """
    # Not before the settings: these files alone are read sooner than the servers are there.
    from payments.views.fresh import FRESH_FOR  # noqa: PLC0415

    known, still_fresh_seconds = {}, FRESH_FOR.total_seconds() / 3

    def session_of(email):
        if email not in known or monotonic() - known[email][0] > still_fresh_seconds:
            begun = monotonic()
            with browser.new_context(base_url=stack.url) as context:
                page = context.new_page()
                sign_in(page, email)
                known[email] = begun, context.storage_state()
        return known[email][1]

    return session_of


@pytest.fixture
def watched(new_context, stack):
    """Open browsers whose consoles must stay silent."""
    heard = []

    def watch(message):
        if message.type == "error" and not is_expected(message, stack):
            heard.append(f"{message.text} ({message.location['url']})")

    def open_browser(**options):
        context = new_context(**{"viewport": WIDE, **options})
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", watch)
        context.on("weberror", lambda error: heard.append(str(error.error)))
        return context

    yield open_browser
    assert heard == []


def is_expected(message, stack):
    """A declined card is a 402 of the payment service's script, and Chromium reports it."""
    return message.text.startswith("Failed to load resource") and message.location[
        "url"
    ].startswith(stack.standin_url)


@pytest.fixture
def visit(watched, sessions):
    """Open a page at a location, as somebody who is signed in."""

    def open_page(place, email, **options) -> Page:
        return watched(base_url=place.url, storage_state=sessions(email), **options).new_page()

    return open_page


@pytest.fixture
def mia(place, visit):
    return visit(place, MEMBER)


@pytest.fixture
def nora(place, visit):
    """The admin."""
    return visit(place, ADMIN)


@pytest.fixture
def jonas(place, visit):
    """The staff."""
    return visit(place, STAFF)


def sign_in(page, email):
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Account")).to_be_visible()


def keep_a_card(page, number="4242424242424242"):
    """Buy with a card and keep it."""
    open_checkout(page)
    type_card(page, number)
    page.get_by_label("Keep this card").check()
    pay(page)
    expect_success(page)


def open_checkout(page, name="Buy 10 credits for €12.00"):
    page.goto("membership/credits/")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name.split(" for ")[0])


def type_card(page, number, *, cvc="123"):
    form = page.get_by_test_id("card-form")
    for part, value in {
        "number": number,
        "exp_month": "12",
        "exp_year": "34",
        "cvc": cvc,
        "postal_code": "20457",
    }.items():
        form.get_by_placeholder(part, exact=True).fill(value)


def pay(page, total="€12.00"):
    page.get_by_role("button", name=f"Pay {total}").click()


def expect_success(page, credits="10"):
    expect(page.get_by_role("heading", name=f"{credits} credits added")).to_be_visible()
    page.wait_for_load_state()  # its scripts have come, too


def buy(page, number="4242424242424242"):
    open_checkout(page)
    type_card(page, number)
    pay(page)
    expect_success(page)


def assert_books_agree(place):
    """What the gateway moved is what Deskmint has down as moved."""
    moved = [
        (movement["payment_intent"], movement["amount"], movement["currency"].upper())
        for movement in place.book()
    ]
    believed = [
        (movement["reference"], movement["amount_minor"], movement["currency"])
        for movement in place.movements()
        if movement["state"] == "succeeded"
    ]
    assert sorted(believed) == sorted(moved)


def eventually(happened):
    """Wait for what happens outside the browser, in the worker or at the gateway."""
    until = monotonic() + WORKERS_PATIENCE_SECONDS
    while not happened():
        assert monotonic() < until
        sleep(0.1)
