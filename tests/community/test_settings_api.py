"""Settings > API: a key is made, shown once, ends on its day or by hand, and only admins do it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from community.models import ApiKey
from community.services.api_keys import MOST_KEYS, digest_of, make_api_key
from tests.api.software import Api
from tests.community.settings_pages import address, audited, error_at, words
from tests.dialogs import asks_first

API = "settings_api"
DOORS = {"name": "Door locks", "scopes": ["read", "spend"], "expires_on": ""}


@pytest.fixture
def nora(admin, signed_in):
    return signed_in(admin)


@pytest.fixture
def make(location, nora):
    def post(**fields):
        return nora.post(address(location, API), DOORS | fields)

    return post


def test_a_key_is_shown_once_and_kept_as_its_hash(location, nora, make, admin):
    made = make()

    token, key = made.context["token"], ApiKey.objects.get()
    assert f'value="{token}"' in words(made)
    assert made["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert token not in words(nora.get(address(location, API)))
    assert (key.digest, key.scopes, key.made_by) == (digest_of(token), ["read", "spend"], admin)
    assert token not in str(vars(key))
    assert Api(token).get("location").json()["slug"] == location.slug
    facts = {"name": "Door locks", "scopes": ["read", "spend"], "expires_at": None}
    assert audited() == [("API key made", {}, facts)]


def test_two_keys_are_not_alike(make):
    first, second = make().context["token"], make().context["token"]

    assert first != second
    assert len(first) > 40


def test_a_key_is_revoked_from_the_next_request_on(location, nora, make):
    token, key = make().context["token"], ApiKey.objects.get()

    revocation = address(location, "revoke_api_key", key.pk)
    assert asks_first(nora.get(address(location, API)), revocation)
    page = nora.post(revocation, follow=True)

    assert "Door locks is revoked." in words(page)
    assert f"{key.prefix}…" not in words(page)
    assert Api(token).get("location").json()["code"] == "key_unknown"
    nora.post(revocation)  # twice is once
    assert [action for action, *_facts in audited()] == ["API key made", "API key revoked"]


def test_a_key_ends_with_its_last_day_where_the_location_is(location, nora, make, monkeypatch):
    location.time_zone = "Pacific/Auckland"
    location.save()
    last = now().date() + timedelta(days=30)

    token = make(expires_on=str(last)).context["token"]

    key = ApiKey.objects.get()
    assert key.expires_at.astimezone(location.zone).date() == last + timedelta(days=1)
    assert Api(token).get("location").status_code == 200
    monkeypatch.setattr("community.api.access.now", lambda: key.expires_at)
    assert Api(token).get("location").json()["code"] == "key_expired"
    monkeypatch.setattr("community.views.settings.api.now", lambda: key.expires_at)
    assert "expired" in words(nora.get(address(location, API)))


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "x" * 81}, "name", "at most 80 characters"),
        ({"name": "a\x00b"}, "name", "Null characters are not allowed."),
        ({"scopes": []}, "scopes", "This field is required."),
        ({"scopes": ["read", "rule"]}, "scopes", "Select a valid choice."),
        ({"expires_on": "2020-01-01"}, "expires_on", "Choose a day after today."),
        ({"expires_on": "9999-12-31"}, "expires_on", "too far away"),
        ({"expires_on": "soon"}, "expires_on", "Enter a valid date."),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(make, fields, field, message):
    assert message in error_at(make(**fields), field)
    assert not ApiKey.objects.exists()


def test_a_location_has_a_limited_number_of_keys(location, admin, make):
    for number in range(MOST_KEYS):
        facts = {"name": "x", "scopes": ["read"], "token": f"{number}" * 20}
        make_api_key(location=location, by=admin, at=datetime(2026, 1, 1, tzinfo=UTC), **facts)

    assert "Revoke one first." in words(make())
    assert ApiKey.objects.count() == MOST_KEYS


def test_the_page_says_when_a_key_was_used(location, nora, make):
    token = make().context["token"]
    assert ">never<" in words(nora.get(address(location, API)))

    Api(token).get("location")
    first = ApiKey.objects.get().last_used_at
    Api(token).get("location")

    assert ">never<" not in words(nora.get(address(location, API)))
    assert ApiKey.objects.get().last_used_at == first  # to the minute: not every request writes


@pytest.mark.parametrize("keys", [2, 12])
def test_the_page_asks_as_little_for_many_keys_as_for_few(
    location, nora, admin, keys, django_assert_num_queries
):
    for number in range(keys):
        facts = {"name": "x", "scopes": ["read"], "token": f"{number}" * 20}
        make_api_key(location=location, by=admin, at=now(), **facts)

    with django_assert_num_queries(6):
        nora.get(address(location, API))
