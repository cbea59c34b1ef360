from dataclasses import replace

import pytest
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
