"""The API's table, held against its routes, its schema and every kind of caller."""

import json
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from community.api.describing import api_schema
from tests.authorization.api_table import API, NOWHERE, PUBLIC
from tests.authorization.routes import all_routes
from tests.authorization.software import SCOPES
from tests.authorization.test_authorization import FOREIGN, savepoint, server, text_of
from tests.authorization.world import HERE, THERE, digest

pytestmark = pytest.mark.django_db
PEOPLE = ("non_member", "member", "suspended", "left", "staff", "admin", "other_admin")
NOBODY = ("anonymous", "unknown", "expired", "revoked")


def expected(row):
    keys = {it: row.status if it in {row.scope, "all"} else 403 for it in (*SCOPES, "all")}
    stranger = 404 if row.names_an_object else row.status
    people = dict.fromkeys(PEOPLE, 403) | row.sessions
    return dict.fromkeys(NOBODY, 401) | keys | {"of there": stranger} | people


def ask(world, row, who, *, csrf=False, method=""):
    client = Client(raise_request_exception=False)
    client.handler = server(enforce_csrf_checks=csrf)
    headers = {"Idempotency-Key": "once"}
    if who in world.browsers:
        client.cookies.load({name: it.value for name, it in world.browsers[who].cookies.items()})
        headers["Deskmint-Location"] = world.here.location.slug
    elif who == "of there":
        headers["Authorization"] = f"Bearer dm_all_{THERE}"
    else:
        headers["Authorization"] = f"Bearer dm_{who}_{HERE}"
    ids = world.here.ids["member"]
    takes = {take: ids[what] for take, what in row.takes.items()}
    body = {name: str(it).format(**ids) for name, it in row.send.items()}
    return client.generic(
        method or row.method,
        reverse(f"api:{row.name}", kwargs=takes),
        json.dumps(body),
        content_type="application/json",
        headers=headers,
    )


@pytest.mark.parametrize("row", API, ids=lambda row: f"{row.method} {row.name}")
def test_every_caller_is_answered_as_the_table_says(row, world):
    answered, changed, shown, before = {}, [], {}, world.digest
    for who in expected(row):
        with savepoint():
            response = ask(world, row, who)
            answered[who] = response.status_code
            if response.status_code >= 400:
                assert response["Content-Type"] == "application/problem+json", who
                # A key's last use is noted even when it is refused.
                is_refused = response.status_code in {401, 403, 404}
                if row.method == "POST" and who in PEOPLE and is_refused and digest() != before:
                    changed.append(who)
            elif leaks := [it for it in FOREIGN if who != "of there" and it in text_of(response)]:
                shown[who] = leaks

    assert answered == expected(row)
    assert (changed, shown) == ([], {})


def test_a_member_s_session_reads_nothing_of_a_colleague(world):
    mine, theirs = world.here.ids["member"], world.here.ids["colleague"]
    own = {mine["customer_id"], mine["free_customer_id"]}
    seen, listed_rows, asked = {}, 0, 0
    for row in [it for it in API if it.method == "GET"]:
        takes = {take: theirs.get(what) for take, what in row.takes.items()}
        if any(takes[take] in {None, mine[what]} for take, what in row.takes.items()):
            continue  # this world has none of the colleague's
        answer = world.browsers["member"].get(
            reverse(f"api:{row.name}", kwargs=takes),
            headers={"Deskmint-Location": world.here.location.slug},
        )
        asked += 1
        if takes:
            seen[row.name] = answer.status_code == 404
        elif row.name == "plans":
            seen[row.name] = {it["id"] for it in answer.json()["results"]} == {mine["plan_id"]}
        elif row.name not in {"location", "options", "revenue"}:
            whose = {it.get("customer", it["id"]) for it in answer.json()["results"]}
            listed_rows += len(whose)
            seen[row.name] = whose <= own

    assert [name for name, is_well in seen.items() if not is_well] == []
    assert (asked > 15, listed_rows > 8) == (True, True)


def test_a_list_asks_as_little_for_many_rows_as_for_one(world):
    client = Client(headers={"Authorization": f"Bearer dm_all_{HERE}"})
    second_hold = next(it for it in API if (it.name, it.method) == ("holds", "POST"))
    lists = [it.name for it in API if it.method == "GET" and not it.takes]
    asked, rows = {}, {}
    with savepoint():
        ask(world, second_hold, "all")
        for name in set(lists) - {"location", "revenue"}:
            for limit in (1, 200):
                with CaptureQueriesContext(connection) as queries:
                    page = client.get(reverse(f"api:{name}"), {"limit": limit}).json()
                asked.setdefault(name, set()).add(len(queries))
            rows[name] = len(page["results"])

    assert {name: count for name, count in asked.items() if len(count) > 1} == {}
    assert [name for name, count in rows.items() if count < 2] == []


def test_staff_see_no_cards_but_their_own(world):
    headers = {"Deskmint-Location": world.here.location.slug}
    answer = world.browsers["staff"].get("/api/v1/cards", headers=headers)

    assert answer.json()["results"] == []


@pytest.mark.parametrize("row", [it for it in API if it.method == "POST"], ids=lambda it: it.name)
def test_a_session_posts_nothing_without_its_token(row, world):
    with savepoint():
        assert ask(world, row, "member", csrf=True).status_code == 403


@pytest.mark.parametrize("name", sorted({row.name for row in API}))
def test_methods_that_the_table_does_not_name_are_refused(name, world):
    rows = [row for row in API if row.name == name]
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {row.method for row in rows}:
        with savepoint():
            assert ask(world, rows[0], "all", method=method).status_code == 405


def test_every_route_of_the_api_is_in_the_table():
    routes = {name.removeprefix("api:") for name in all_routes() if name.startswith("api:")}

    assert {row.name for row in API} | PUBLIC | NOWHERE == routes


def test_the_schema_has_the_routes_and_scopes_of_the_table():
    said = {
        (path.format(id=0, key=UUID(int=0)), method.upper()): operation["x-scope"]
        for path, methods in api_schema()["paths"].items()
        for method, operation in methods.items()
    }
    told = {
        (
            reverse(
                f"api:{row.name}",
                kwargs={it: UUID(int=0) if it == "key" else 0 for it in row.takes},
            ).removeprefix("/api/v1"),
            row.method,
        ): row.scope
        for row in API
    }

    assert said == told


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_the_description_is_open_to_everybody(name, world):
    assert Client().get(reverse(f"api:{name}")).status_code == 200


def test_an_address_that_is_not_there_is_a_problem_document(world):
    client = Client(headers={"Authorization": f"Bearer dm_all_{HERE}"})
    with savepoint():
        answer = client.get("/api/v1/nothing/here")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
