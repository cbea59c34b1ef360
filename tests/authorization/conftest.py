from dataclasses import replace

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.db.transaction import atomic, set_rollback


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once; every request works in a savepoint of its own."""
    from payments.gateways.fake import FakeGateway  # noqa: PLC0415 - needs the servers
    from payments.gateways.registry import KINDS  # noqa: PLC0415
    from tests.authorization.world import build_world  # noqa: PLC0415

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, atomic():
        fake = FakeGateway()
        patch.setitem(KINDS, "stripe", replace(KINDS["stripe"], speaker=lambda _credentials: fake))
        yield build_world()
        set_rollback(True)


@pytest.fixture
def kept_connection():
    """A whole request, by the WSGI application, would close the connection that the world is on."""
    for end in (request_started, request_finished):
        end.disconnect(close_old_connections)
    yield
    for end in (request_started, request_finished):
        end.connect(close_old_connections)
