"""Without Valkey people sign in and requests go on, and none waits for it twice."""

import pytest
from celery import shared_task
from django.core.cache import cache
from kombu.exceptions import OperationalError

from config import broker
from config import cache as shared

PASSWORD = "a-long-passphrase"  # of every factory's user


def sign_in(client, user, password):
    return client.post("/accounts/login/", {"login": user.email, "password": password})


def test_people_sign_in_without_valkey(client, admin, no_cache):
    assert sign_in(client, admin, PASSWORD).status_code == 302


def test_guessing_passwords_is_limited_without_valkey_too(client, admin, no_cache):
    tried = [sign_in(client, admin, f"wrong {number}") for number in range(7)]

    assert "Too many" in tried[-1].content.decode() or tried[-1].status_code == 429


def test_a_cache_that_is_away_is_asked_once_in_a_while(no_cache, monkeypatch):
    asked = []
    monkeypatch.setattr(shared.RedisCache, "add", lambda *_, **__: asked.append(1) or away())

    assert cache.add("a", 1)
    assert not cache.add("a", 1), "this process remembers"
    shared.rest.end()
    cache.add("b", 1)

    assert len(asked) == 2


def test_what_the_shared_cache_counted_is_counted_on_by_this_process(no_cache):
    """It went away between the two calls of a limit."""
    shared.rest.begin()

    assert [cache.incr("slot"), cache.incr("slot")] == [1, 2]

    shared.rest.end()


def away():
    raise shared.RedisError("gone")


@shared_task
def some_task():
    """Nothing."""


def test_a_broker_that_is_away_is_asked_once_in_a_while(monkeypatch):
    asked = []

    def delay(**facts):
        asked.append(facts)
        raise OperationalError

    monkeypatch.setattr(some_task, "delay", delay)
    for number in range(3):
        broker.send_soon(some_task, number=number)
    broker.rest.end()
    broker.send_soon(some_task, number=3)

    assert asked == [{"number": 0}, {"number": 3}]


@pytest.mark.parametrize("away", [True, False])
def test_a_rest_is_over_after_its_time(monkeypatch, away):
    moment = 100.0
    monkeypatch.setattr("config.resting.time.monotonic", lambda: moment)
    broker.rest.begin()
    moment += broker.rest.seconds - 1 if away else broker.rest.seconds + 1

    assert broker.rest.is_on is away
