"""Spends, reversals and holds by a key: exactly once, never too much, nobody else's."""

from datetime import timedelta

import pytest
from django.utils.timezone import now
from django_scopes import scope

from community.models import ApiAnswer
from community.services.answers import KEPT_FOR
from community.tasks import forget_answers
from credits.models import Entry, Wallet
from tests.api.software import Api
from tests.factories import CustomerFactory, LocationFactory
from tests.racing import race


@pytest.fixture
def customer(mia, add_credits):
    add_credits(mia, "100")
    return mia.customer


def spend(api, customer, credits="10.00", *, key="", **more):
    body = {"customer": customer.pk, "credits": credits, "reason": "Room 2", **more}
    return api.post("spends", body, key=key)


SPEND_QUERIES = 13  # six of them begin and end savepoints


def balance(customer):
    return Wallet.objects.get(customer=customer).balance


def test_a_spend_takes_credits_and_says_what_is_left(api, customer, invariants_hold):
    answer = spend(api, customer, "2.50", reference="booking-7")

    assert answer.status_code == 201
    told = answer.json()
    assert (told["credits"], told["balance_after"]) == ("-2.50", "97.50")
    assert (told["kind"], told["reason"], told["reference"]) == ("spending", "Room 2", "booking-7")
    assert told["happened_at"].endswith("Z")
    assert api.get(f"entries/{told['id']}").json() == told
    assert Entry.objects.get(pk=told["id"]).api_key.name == "Doors"
    invariants_hold()


@pytest.mark.parametrize("lots", [1, 12])
def test_a_spend_asks_as_little_of_many_lots_as_of_one(
    api, customer, add_credits, lots, django_assert_num_queries
):
    for number in range(lots):
        add_credits(customer.member, "1", key=f"more:{number}")
    spend(api, customer, "1")  # notes that the key is used

    with django_assert_num_queries(SPEND_QUERIES):
        assert spend(api, customer, f"{90 + lots}").status_code == 201


def test_an_overdraw_says_what_is_there_and_what_is_needed(api, customer):
    answer = spend(api, customer, "100.01")

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["status"]) == ("insufficient_credits", 422)
    assert (problem["needed"], problem["available"]) == ("100.01", "100.00")
    assert balance(customer) == 100


def test_the_same_request_again_gets_the_first_answer_again(api, customer, invariants_hold):
    first = spend(api, customer, key="k")
    again = spend(api, customer, key="k")

    assert again.json() == first.json()
    assert again.status_code == 201
    assert again["Idempotent-Replayed"] == "true"
    assert balance(customer) == 90
    invariants_hold()


def test_a_refusal_is_an_answer_too(api, customer, add_credits):
    refused = spend(api, customer, "120", key="k")
    add_credits(customer.member, "50", key="later")

    again = spend(api, customer, "120", key="k")

    assert (again.status_code, again.json()) == (422, refused.json())
    assert again["Content-Type"] == "application/problem+json"
    assert balance(customer) == 150


def test_the_same_key_with_another_body_is_a_conflict(api, customer):
    spend(api, customer, "10", key="k")

    other = spend(api, customer, "11", key="k")

    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert balance(customer) == 90


def test_keys_belong_to_their_holder(api, location, customer, key_of):
    spend(api, customer, "10", key="k")
    spend(key_of(location, "spend"), customer, "10", key="k")

    assert balance(customer) == 80


@pytest.mark.parametrize("key", ["x" * 81, "tab\there"])
def test_a_move_needs_a_usable_key(api, customer, key):
    answer = spend(api, customer, key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert balance(customer) == 100


def test_the_answer_is_kept_in_the_transaction_of_the_work(api, customer, monkeypatch):
    """A process that dies before its commit leaves neither the work nor an answer."""
    monkeypatch.setattr("community.api.once.keep_answer", _die)
    with pytest.raises(Died):
        spend(api, customer, key="k")
    assert (balance(customer), ApiAnswer.objects.count()) == (100, 0)

    monkeypatch.undo()
    assert spend(api, customer, key="k").status_code == 201
    assert balance(customer) == 90


class Died(Exception):
    pass


def _die(**_facts):
    raise Died


def test_answers_are_forgotten_after_thirty_days(api, customer):
    spend(api, customer, key="k")
    spend(api, customer, key="young")
    ApiAnswer.objects.filter(key="k").update(claimed_at=now() - KEPT_FOR)

    forget_answers()

    assert [it.key for it in ApiAnswer.objects.all()] == ["young"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"credits": "0"}, "credits"),
        ({"credits": "-1"}, "credits"),
        ({"credits": "0.001"}, "credits"),
        ({"credits": "NaN"}, "credits"),
        ({"credits": "1e99"}, "credits"),
        ({"customer": "x"}, "customer"),
        ({"reason": ""}, "reason"),
        ({"reason": "a\u0000b"}, "reason"),
        ({"reference": "\ud800"}, "reference"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(api, customer, body, field):
    answer = api.post("spends", {"customer": customer.pk, "credits": "1", "reason": "x"} | body)

    assert answer.status_code == 400
    assert [it["field"] for it in answer.json()["errors"]] == [field]
    assert balance(customer) == 100


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"\xff", b'{"credits": NaN}', b"[]"])
def test_what_is_no_json_is_400(api, customer, body):
    answer = api.client.post(
        "/api/v1/spends",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.token}", "Idempotency-Key": "k"},
    )

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_another_locations_customer_is_not_there(api, customer):
    stranger = CustomerFactory(member__location=LocationFactory())

    answer = spend(api, stranger)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_spend_is_given_back_once(api, customer, invariants_hold):
    entry = spend(api, customer).json()["id"]

    back = api.post(f"spends/{entry}/reverse", {"reason": "Room was closed"})
    again = api.post(f"spends/{entry}/reverse", {})

    assert (back.status_code, back.json()["reverses"]) == (201, entry)
    assert (again.status_code, again.json()["code"]) == (422, "already_reversed")
    assert balance(customer) == 100
    invariants_hold()


def test_a_booking_holds_captures_less_and_releases(api, customer, invariants_hold):
    body = {"customer": customer.pk, "credits": "8", "reason": "Room 2", "reference": "b-1"}
    until = (now() + timedelta(hours=3)).isoformat()
    first = api.post("holds", body | {"expires_at": until}).json()
    second = api.post("holds", body | {"expires_at": until}).json()
    wallet = api.get(f"customers/{customer.pk}/wallet").json()

    captured = api.post(f"holds/{first['id']}/capture", {"credits": "5"})
    released = api.post(f"holds/{second['id']}/release", {})

    assert (wallet["balance"], wallet["held"], wallet["available"]) == ("100.00", "16.00", "84.00")
    assert (captured.status_code, captured.json()["credits"]) == (201, "-5.00")
    assert (released.status_code, released.json()["state"]) == (200, "released")
    assert api.get(f"holds/{first['id']}").json()["entry"] == captured.json()["id"]
    assert api.post(f"holds/{second['id']}/capture", {}).json()["code"] == "hold_released"
    assert balance(customer) == 95
    invariants_hold()


def test_a_wallet_is_told_as_of_a_time(api, customer):
    spend(api, customer, "30")

    before = api.get(f"customers/{customer.pk}/wallet", at="2026-11-22T12:00:00Z").json()

    assert (before["balance"], before["as_of"]) == ("100.00", "2026-11-22T12:00:00Z")
    assert api.get(f"customers/{customer.pk}/wallet").json()["balance"] == "70.00"
    assert api.get(f"customers/{customer.pk}/wallet", at="soon").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_fifty_requests_of_ten_find_a_hundred_for_ten_of_them(key_of, add_credits, invariants_hold):
    location = LocationFactory()
    with scope(location=location):
        customer = CustomerFactory(member__location=location)
        add_credits(customer.member, "100")
        token = key_of(location).token

    work = [lambda i=i: spend(Api(token), customer, key=f"k{i}").status_code for i in range(50)]
    answers = race(location, work)

    assert sorted(answers) == [201] * 10 + [422] * 40
    with scope(location=location):
        assert balance(customer) == 0
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_ten_times_at_once_spends_once(key_of, add_credits, invariants_hold):
    location = LocationFactory()
    with scope(location=location):
        customer = CustomerFactory(member__location=location)
        add_credits(customer.member, "100")
        token = key_of(location).token

    answers = race(location, [lambda: spend(Api(token), customer, key="k")] * 10)

    assert {it.status_code for it in answers} <= {201, 409}
    assert len({it.content for it in answers if it.status_code == 201}) == 1
    with scope(location=location):
        assert balance(customer) == 90
    invariants_hold()
