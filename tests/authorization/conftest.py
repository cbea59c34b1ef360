import pytest
from django.db.transaction import atomic, set_rollback

from payments.gateways.fake import FakeGateway
from payments.gateways.registry import GATEWAYS
from tests.authorization.world import build_world


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once; every request works in a savepoint of its own."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, atomic():
        fake = FakeGateway()
        patch.setitem(GATEWAYS, "stripe", lambda _credentials: fake)
        yield build_world()
        set_rollback(True)
