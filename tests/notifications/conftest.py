"""A push service, devices that it reaches, and news to push.

Models are imported in the fixtures: this file is read before the settings have their servers.
"""
# ruff: noqa: PLC0415

from datetime import UTC, datetime

import pytest

from tests.notifications.receiver import push_service

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def receiving():
    with push_service() as service:
        yield service


@pytest.fixture
def service(receiving, settings):
    settings.CALL_LOOPBACK = True
    receiving.browsers.clear()
    receiving.requests.clear()
    return receiving


def sign_in(user):
    """The key of a session in which this user is signed in."""
    from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


@pytest.fixture
def device(service):
    """Give a browser in which this user is signed in and that takes pushes."""
    from notifications.services.devices import keep_device

    def made(user, name="phone"):
        browser = service.browser(name)
        browser.session_key = sign_in(user)
        browser.row = keep_device(
            user=user,
            endpoint=browser.endpoint,
            session_key=browser.session_key,
            browser=name,
            at=NOON,
            **browser.keys,
        )
        return browser

    return made


@pytest.fixture
def news(location):
    """Tell somebody something."""
    from django.db import transaction

    from notifications.models import Notification
    from notifications.services import notify

    def tell(*users, kind="credits_added", key="1", at=NOON, place=None, **facts):
        with transaction.atomic():
            notify(
                location=place or location,
                user_ids=[user.pk for user in users],
                kind=Notification.Kind(kind),
                facts={"credits": "10.00", "balance": "52.00"} | facts,
                key=key,
                at=at,
            )

    return tell
