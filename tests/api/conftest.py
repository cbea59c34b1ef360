"""Keys of the API. Models are imported in the fixtures: settings come later than this file."""
# ruff: noqa: PLC0415

import pytest

ALL = ["read", "sell", "spend", "manage"]


@pytest.fixture
def key_of(db):
    """Give software that has a key of a location."""
    from community.services.api_keys import make_api_key
    from tests.api.software import Api
    from tests.factories import NOON, RoleFactory

    def make(location, *scopes, **facts):
        token = f"dm_{location.slug}_{'_'.join(scopes) or 'all'}"
        admin = RoleFactory(location=location).user
        make_api_key(
            location=location,
            name="Doors",
            scopes=list(scopes) or ALL,
            token=token,
            by=admin,
            at=facts.pop("at", NOON),
            **facts,
        )
        return Api(token)

    return make


@pytest.fixture
def api(location, key_of):
    return key_of(location)


@pytest.fixture
def receiver(settings):
    """An endpoint's software."""
    from tests.api.receiver import receiving

    settings.CALL_LOOPBACK = True
    with receiving() as server:
        yield server


@pytest.fixture
def endpoint(location, admin, receiver):
    from django.utils.timezone import now

    from notifications.services.endpoints import add_endpoint
    from tests.api.receiver import SECRET

    return add_endpoint(
        location=location,
        url=receiver.url,
        events=["credits.spent", "credits.added", "credits.reversed"],
        secret=SECRET,
        by=admin,
        at=now(),
    )
