"""The authorization table, held against the URLconf and against every principal."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import cache
from io import BytesIO

import pytest
from django.core.cache import cache as rate_limits
from django.db.transaction import atomic, set_rollback
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse
from pypdf import PdfReader

from tests.authorization.api_settings import API_SETTINGS
from tests.authorization.libraries import LIBRARIES
from tests.authorization.routes import all_routes
from tests.authorization.rows import LOGIN, PRINCIPALS, SAME, Row
from tests.authorization.table import TABLE
from tests.authorization.world import COLLEAGUES, FOREIGN, digest

ROWS = [*TABLE, *API_SETTINGS, *LIBRARIES]
OF_A_MEMBER = {
    *("member_id", "customer_id", "card_id", "key", "number", "company_id", "place_id"),
    *("bill_id", "item_id", "note_number", "bill_charge_key"),
}
OF_A_LOCATION = {
    "option_id",
    "invitation_id",
    "request_id",
    "import_id",
    "use_id",
    "role_id",
    "connection_key",
    "connection_id",
    "plan_id",
    "archived_plan_id",
    "assignment_id",
    "case_id",
    "key_id",
    "endpoint_id",
    "delivery_id",
}
# A library knows no locations: it asks for a session, or for the operator.
SOME = ("anonymous", "admin", "operator")
SIGN_IN = ("/accounts/login/", "/admin/login/")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

pytestmark = pytest.mark.django_db


def relations(row: Row) -> list[str]:
    """Whose object the address names: none, one's own, a colleague's, another location's."""
    takes = {row.address.get(name, name) for name in all_routes()[row.name].takes}
    takes |= {
        name.removeprefix("pending_").removeprefix("team_").removeprefix("company_")
        for name in takes
    }
    takes |= {name.removeprefix("issued_").removeprefix("due_") for name in takes}
    if takes & OF_A_MEMBER and not takes & {"connection_key", "uidb36"} and not row.library:
        return ["own", "colleagues", "foreign"]
    return ["own", "foreign"] if takes & OF_A_LOCATION else ["own"]


def expected(row: Row, method: str, relation: str) -> dict[str, int | str]:
    own = row.methods[method]
    if relation == "own":
        return own
    hidden = {who: 404 if its != LOGIN and its < 400 else its for who, its in own.items()}
    told = row.foreign if relation == "foreign" else row.colleagues
    return hidden | {who: own[who] if its == SAME else its for who, its in told.items()}


CASES = [
    (row, method, relation) for row in ROWS for method in row.methods for relation in relations(row)
]


@pytest.mark.parametrize(
    ("row", "method", "relation"), CASES, ids=lambda it: it.name if isinstance(it, Row) else it
)
def test_everybody_is_answered_as_the_table_says(row, method, relation, world):
    answered, changed, shown = {}, [], {}
    asked = who_is_asked(row, method, relation)
    for who in asked:
        with savepoint():
            response = ask(world, row, method, who, relation)
            answered[who] = answer_of(response)
            if refused(answered[who]) and method != "GET" and digest() != world.digest:
                changed.append(who)
            if leaks := leaked(response, who, row):
                shown[who] = leaks
            assert_headers(response)

    assert answered == {who: expected(row, method, relation)[who] for who in asked}
    assert changed == [], "refused, and rows changed all the same"
    assert shown == {}, "somebody else's data on the page"


def who_is_asked(row, method, relation):
    """Everybody; for what isn't theirs, outside the full dose, who may at what is theirs."""
    everybody = SOME if row.library else PRINCIPALS
    if relation == "own" or os.environ.get("DOSE") == "full":
        return everybody
    own, here = row.methods[method], expected(row, method, relation)
    return [who for who in everybody if own[who] != here[who] or not refused(own[who])]


@contextmanager
def savepoint():
    rate_limits.clear()
    with atomic():
        yield
        set_rollback(True)


def address_of(world, row, who, relation):
    place = world.there if relation == "foreign" else world.here
    owner = who if who in place.ids else "member"
    ids = dict(place.ids["colleague" if relation == "colleagues" else owner])
    ids["slug"] = ids["place"] = world.here.location.slug
    takes = all_routes()[row.name].takes
    if row.name.startswith("/"):
        return row.name
    given = {name: row.address.get(name, name) for name in takes}
    kwargs = {name: ids.get(it, it) for name, it in given.items()}
    if "/" in row.name:  # a route without a name
        address = row.name.replace("(?P<url>.*)$", "no-such-page/")
        return "/" + re.sub(r"<path:(\w+)>", lambda it: str(kwargs[it[1]]), address)
    return reverse(row.name, kwargs=kwargs)


@cache
def server(*, enforce_csrf_checks):
    """The middleware is loaded once, not for every request."""
    return ClientHandler(enforce_csrf_checks=enforce_csrf_checks)


def ask(world, row, method, who, relation="own", *, enforce_csrf_checks=False):
    client = Client(raise_request_exception=False)
    client.handler = server(enforce_csrf_checks=enforce_csrf_checks)
    client.cookies.load({name: it.value for name, it in world.browsers[who].cookies.items()})
    sent = {"data": row.send} if method == "POST" else {}
    return getattr(client, method.lower())(address_of(world, row, who, relation), **sent)


def answer_of(response):
    if response.status_code == 302 and response["Location"].startswith(SIGN_IN):
        return LOGIN
    return response.status_code


def refused(answer):
    return answer == LOGIN or answer >= 400


def leaked(response, who, row):
    """Words of other people's rows on a page that was shown."""
    if answer_of(response) != 200 or row.library:
        return []
    text = text_of(response)
    words = FOREIGN if who != "other_admin" else ()
    words += COLLEAGUES if who in {"member", "suspended", "left"} else ()
    return [word for word in words if word in text]


def text_of(response):
    content = b"".join(response)
    if response["Content-Type"] != "application/pdf":
        return content.decode()
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def assert_headers(response):
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "object-src 'none'" in policy
    # The scripts of the admin evaluate the markup of its own pages.
    assert "unsafe-eval" not in policy or response.wsgi_request.path.startswith("/admin/")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_route_is_in_the_table():
    ours = {name for name in all_routes() if not name.startswith("api:")}  # test_api.py has these

    assert sorted(ours - {row.name for row in ROWS}) == []


def test_every_row_has_its_route():
    assert sorted({row.name for row in ROWS} - set(all_routes())) == []


def test_no_route_is_told_twice():
    names = [row.name for row in ROWS]

    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("row", [row for row in ROWS if not row.library], ids=lambda row: row.name)
def test_methods_that_the_table_does_not_name_are_refused(row, world):
    """Asked by somebody who is let in, so that 405 is about the method."""
    allowed = [
        who for who in PRINCIPALS if any(not refused(it[who]) for it in row.methods.values())
    ]
    who = allowed[-1] if allowed else "anonymous"
    answered = {}
    for method in ("GET", *UNSAFE):
        if method not in row.methods:
            with savepoint():
                answered[method] = ask(world, row, method, who).status_code

    assert set(answered.values()) == {405}, answered


# A gateway signs what it posts; the address of an unsubscription is signed, for mail programs.
BY_OTHER_MEANS = {"/livez", "/readyz", "payments:webhook", "unsubscribe"}


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.POST and row.name not in BY_OTHER_MEANS],
    ids=lambda row: row.name,
)
def test_nothing_is_posted_without_the_token_of_its_page(row, world):
    """Asked by somebody who would be let in with it."""
    who = next((who for who, its in row.POST.items() if not refused(its)), "operator")
    with savepoint():
        assert ask(world, row, "POST", who, enforce_csrf_checks=True).status_code == 403
        assert digest() == world.digest
