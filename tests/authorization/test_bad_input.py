"""Whatever is typed, sent or asked for: an answer in words, never a crash."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from itertools import product
from zlib import crc32

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from config.wsgi import application
from tests.authorization.test_authorization import (
    ROWS,
    address_of,
    ask,
    savepoint,
    server,
)

pytestmark = pytest.mark.django_db
BAD = {
    "nothing": "",
    "null byte": "a\x00b",
    "long": "x" * 100_000,
    "negative": "-1",
    "huge": "9" * 40,
    "exponent": "1e400",
    "digits of others": "٣",
    "markup": "\u202e<script>alert(1)</script>",
    "line break": "a\r\nBcc: all@h.test",
    "twice": ["1", "2"],
}
ADDRESSES = ("99999999999999999999", "a%00b", "%ff")
BAD_QUERIES = ("null byte", "long", "negative", "huge", "digits of others", "twice")
QUERY = ("page", "q", "state", "kind", "month", "next", "refused")


class Forms(HTMLParser):
    """The forms of a page with what each would send."""

    def __init__(self, page, text):
        super().__init__()
        self.page, self.forms, self.sent, self.select = page, [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            action = attrs.get("action") or attrs.get("hx-post") or self.page
            self.sent = {}
            self.forms.append((attrs.get("method", "get").upper(), action, self.sent))
        elif self.sent is None or not (attrs.get("name") or tag == "option"):
            pass
        elif tag == "select":
            self.select = attrs["name"]
        elif tag == "option" and self.select:
            if "selected" in attrs or self.select not in self.sent:
                self.sent[self.select] = attrs.get("value", "")
        elif tag != "option" and (attrs.get("type") not in PICKED or "checked" in attrs):
            self.sent[attrs["name"]] = attrs.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.sent = None
        elif tag == "select":
            self.select = None


def in_turn(values, of, count):
    """All of the values in full; else some of them, another few for the next page."""
    if os.environ.get("DOSE") == "full":
        return values
    first = crc32(of.encode())
    return [values[(first + i) % len(values)] for i in range(count)]


def trials(action, fields):
    """Bad values for the fields of a form: each for each in full, else one for each."""
    return [(name, kind) for name in fields for kind in in_turn(list(BAD), action + name, 1)]


def person(row):
    """Somebody who sees the page."""
    for who in ("admin", "member", "anonymous", "operator"):
        if row.GET and row.GET[who] == 200:
            return who
    return None


PICKED = {"radio", "checkbox"}
CRASH = 500
OURS = [row for row in ROWS if not row.name.startswith(("admin", "/"))]
PAGES = [row for row in OURS if person(row)]


def browser(world, who):
    client = Client(raise_request_exception=False)
    client.handler = server(enforce_csrf_checks=False)
    client.cookies.load({name: it.value for name, it in world.browsers[who].cookies.items()})
    return client


@pytest.fixture(scope="module")
def tried():
    """The forms that stand on many pages, like that of the account menu, are tried once."""
    return set()


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
def test_no_form_of_a_page_crashes(row, world, tried):
    who, broken = person(row), []
    with savepoint():
        page = ask(world, row, "GET", who)
    text = b"".join(page).decode(errors="replace")
    for method, action, sent in Forms(page.wsgi_request.get_full_path(), text).forms:
        if (method, action) in tried:
            continue
        tried.add((method, action))
        for name, kind in trials(action, sent):
            with savepoint():
                send = getattr(browser(world, who), method.lower())
                if send(action, sent | {name: BAD[kind]}).status_code >= CRASH:
                    broken.append((method, action, name, kind))
    assert broken == []


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
def test_no_query_crashes_a_page(row, world):
    who, broken = person(row), []
    address = address_of(world, row, who, "own")
    for kind in in_turn(BAD_QUERIES, row.name, 2):
        with savepoint():
            answer = browser(world, who).get(address, dict.fromkeys(QUERY, BAD[kind]))
            if answer.status_code >= CRASH:
                broken.append((address, kind))
    assert broken == []


@pytest.mark.parametrize("row", OURS, ids=lambda row: row.name)
def test_no_address_crashes(row, world):
    who, broken = person(row) or "admin", []
    parts = address_of(world, row, who, "own").split("/")
    for place, method in product(range(1, len(parts)), row.methods):
        for bad in in_turn(ADDRESSES, f"{row.name}{place}{method}", 1):
            address = "/".join([*parts[:place], bad, *parts[place + 1 :]])
            with savepoint():
                answer = getattr(browser(world, who), method.lower())(address)
                if answer.status_code >= CRASH:
                    broken.append((method, address))
    assert broken == []


@pytest.mark.parametrize("name", [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME])
def test_a_cookie_with_a_null_byte_is_refused(name):
    client = Client(raise_request_exception=False)
    client.cookies.load(f'{name}="aaaaaaaa\\000"')

    assert client.get("/accounts/login/").status_code == 400


@pytest.mark.parametrize("charset", ["base64", "idna", "undefined", "utf-16", "nonsense"])
@pytest.mark.parametrize(
    ("address", "kind"), [("/accounts/login/", "text/html"), ("/api/v1/x", "application/problem")]
)
def test_text_in_another_charset_is_refused(charset, address, kind, kept_connection):
    asked = RequestFactory()._base_environ(
        PATH_INFO=address, QUERY_STRING="q=%C3%A9", CONTENT_TYPE=f"text/plain; charset={charset}"
    )
    said = {}

    application(asked, lambda status, headers: said.update(status=status, **dict(headers)))

    assert said["status"] == "400 Bad Request"
    assert said["Content-Type"].startswith(kind)


def test_a_null_byte_before_a_suffix_is_refused():
    assert Client(raise_request_exception=False).get("/logos/loft/%00.png").status_code == 400
