"""What nobody sends who means well: refused as a problem document, and nothing happens."""

from base64 import b64encode
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection
from django.utils.timezone import now

from community.api.describing import api_schema
from credits.models import Hold, Wallet
from tests.authorization.test_bad_input import in_turn
from tests.factories import OptionFactory

NASTY = [
    "a\0b",
    "\ud800".encode("utf-8", "surrogatepass"),
    "9" * 5000,
    "-1",
    "1.5",
    "1e400",
    "NaN",
    "' OR 1=1 --",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "٣",
]
CURSORS = ["p=abc", "p=\0", "p=1e400", "p=NaN", "p=-1", "p=" + "9" * 5000, "o=x&p=1", "r=1&p=", "%"]
LISTS = sorted(
    (path.removeprefix("/"), sorted(it["name"] for it in operation["get"].get("parameters", [])))
    for path, operation in api_schema()["paths"].items()
    if "get" in operation and "{" not in path
)


@pytest.fixture
def customer(mia, add_credits):
    add_credits(mia, "100")
    return mia.customer


@pytest.fixture
def careless(api):
    """Software that is told of a crash instead of having it in its test."""
    api.client.raise_request_exception = False
    return api


def is_problem(answer, status, code):
    problem = answer.json()
    said = (answer.status_code, answer["Content-Type"], problem["status"], problem["code"])
    return said == (status, "application/problem+json", status, code)


def test_no_filter_breaks_on_what_it_is_given(api, customer):
    odd = {}
    for path, names in LISTS:
        for name in names:
            for value in in_turn(NASTY, f"{path} {name}", 4):
                answer = api.client.get(
                    f"/api/v1/{path}?{urlencode({name: value})}", headers=api._headers()
                )
                if answer.status_code not in {200, 400, 404}:
                    odd[path, name, value] = answer.status_code

    assert odd == {}


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_was_tampered_with_leads_nowhere(api, customer, cursor):
    for path in ("entries", "purchases", "customers"):
        answer = api.get(path, cursor=b64encode(cursor.encode()).decode())

        assert answer.status_code == 404 or answer.json()["results"] is not None
        assert answer.status_code in {200, 404}


def test_no_page_is_larger_than_two_hundred(api, customer, add_credits):
    for number in range(3):
        add_credits(customer.member, key=f"more:{number}")

    assert len(api.get("entries", limit="2").json()["results"]) == 2
    for limit in ("0", "-1", "9" * 5000, "x"):
        assert len(api.get("entries", limit=limit).json()["results"]) == 4


@pytest.mark.parametrize("pk", ["9" * 30, "0", "1e3", "%00", "-1", "../1"])
def test_an_address_of_no_row_is_not_found(api, customer, pk):
    answer = api.client.get(f"/api/v1/customers/{pk}/wallet", headers=api._headers())

    assert (
        is_problem(answer, 400, "malformed") if "%" in pk else is_problem(answer, 404, "not_found")
    )


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/nothing/"])
def test_an_address_that_is_not_there_is_a_problem(api, path):
    answer = api.client.get(path, headers=api._headers())

    assert is_problem(answer, 404, "not_found")


def test_what_is_asked_in_the_wrong_way_is_a_problem(api, customer):
    headers = api._headers() | {"Idempotency-Key": "k"}
    wrong = api.client.delete("/api/v1/customers", headers=headers)
    not_json = api.client.post("/api/v1/spends", {"credits": 1}, headers=headers)
    as_html = api.client.get("/api/v1/customers", headers=headers | {"Accept": "text/html"})
    options = api.client.options("/api/v1/customers", headers=headers)

    assert is_problem(wrong, 405, "method_not_allowed")
    assert is_problem(not_json, 415, "unsupported_media_type")
    assert is_problem(as_html, 406, "not_acceptable")
    assert is_problem(options, 405, "method_not_allowed")


def test_a_bug_of_ours_is_a_problem_that_tells_nothing_of_it(careless, customer, monkeypatch):
    monkeypatch.setattr("credits.api.spending.spend_credits", _break)
    answer = careless.post("spends", {"customer": customer.pk, "credits": "1", "reason": "x"})

    assert is_problem(answer, 500, "broken")
    assert "secret" not in answer.content.decode()


def test_a_database_that_is_away_is_503_and_says_when_to_come_again(careless, customer):
    def fail(*_arguments):
        raise OperationalError("secret host")

    with connection.execute_wrapper(fail):
        answer = careless.get("customers")

    assert is_problem(answer, 503, "unavailable")
    assert (answer["Retry-After"], "secret" in answer.content.decode()) == ("10", False)


@pytest.mark.parametrize(
    "until",
    [
        "2020-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1e400",
    ],
)
def test_a_hold_ends_at_a_time_that_is_to_come(api, customer, until):
    body = {"customer": customer.pk, "credits": "1", "reason": "x", "expires_at": until}
    answer = api.post("holds", body)

    assert answer.status_code in {400, 422}
    assert not Hold.objects.exists()


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**400])
def test_numbers_of_no_row_are_refused_wherever_they_are_sent(api, customer, number):
    option = OptionFactory(location=customer.location)
    buyer = customer.member.pk
    moved = {"credits": "1", "reason": "x", "expires_at": "2100-01-01T00:00:00Z"}
    plan = {"starts_on": "2150-01-01", "plan": number}
    sent = [
        api.post("spends", moved | {"customer": number}),
        api.post("holds", moved | {"customer": number}),
        api.post("quotes", {"option": number, "member": buyer}),
        api.post("quotes", {"option": option.pk, "member": number}),
        api.post("quotes", {"option": option.pk, "member": buyer, "company": number or -1}),
        api.post("assignments", plan | {"customer": customer.pk}),
        api.post("spends/1/reverse", {"reason": "x" * 201}),
        api.post(f"holds/{abs(number)}/capture", {"credits": "1"}),
    ]

    assert [it.status_code for it in sent] == [404, 404, 404, 404, 404, 404, 400, 404]


def test_a_search_has_as_many_words_as_a_page_takes(api, customer):
    assert api.get("customers", search="a " * 2000).status_code == 400
    assert api.get("members", search="mia " * 5).json()["results"]


def test_no_proxy_keeps_what_is_answered(api, customer):
    assert api.get("customers")["Cache-Control"] == "private, no-store"
    assert api.get("customers/0")["Cache-Control"] == "private, no-store"


def test_a_key_that_is_revoked_while_it_is_used_does_nothing_more(api, customer):
    from community.models import ApiKey  # noqa: PLC0415 - the only use

    body = {"customer": customer.pk, "credits": "1", "reason": "x"}
    assert api.post("spends", body).status_code == 201
    ApiKey.objects.update(revoked_at=now())

    assert is_problem(api.post("spends", body), 401, "key_unknown")
    assert is_problem(api.post("spends", body, key="call-1"), 401, "key_unknown")
    assert Wallet.objects.get(customer=customer).balance == 99


def test_a_key_that_a_rival_gives_back_in_this_moment_is_asked_again(api, customer, monkeypatch):
    monkeypatch.setattr("community.services.answers.insert_answer", lambda **_claim: None)

    answer = api.post("spends", {"customer": customer.pk, "credits": "1", "reason": "x"})

    assert is_problem(answer, 409, "request_in_progress")
    assert Wallet.objects.get(customer=customer).balance == 100


def test_who_asks_too_often_waits_and_nobody_else(api, location, key_of, monkeypatch):
    moment = now()  # all within one minute
    monkeypatch.setattr("community.api.views.now", lambda: moment)
    monkeypatch.setattr("community.api.views.PER_MINUTE", 2)
    other = key_of(location, "read")

    answers = [api.get("location") for _again in range(3)]

    assert [it.status_code for it in answers] == [200, 200, 429]
    assert is_problem(answers[2], 429, "throttled")
    assert 1 <= int(answers[2]["Retry-After"]) <= 61
    assert other.get("location").status_code == 200


def _break(**_facts):
    raise RuntimeError("secret")
