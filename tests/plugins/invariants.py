"""The invariants of `check_invariants`, for any test to ask after."""

from dataclasses import replace

import pytest
from django.db.transaction import atomic, set_rollback

from payments.gateways.fake import FakeGateway
from payments.gateways.registry import KINDS


@pytest.fixture
def invariants_hold(db):
    """Call it when a test has moved rows: no sentence may be broken."""
    from community.management.commands.check_invariants import (  # noqa: PLC0415 - models
        broken_invariants,
    )

    def check():
        broken = broken_invariants()
        # What waits too long depends on the real time, and tests live at a noon of their own.
        for sentence in [name for name in broken if "for more than" in name]:
            del broken[sentence]
        assert broken == {}

    return check


@pytest.fixture(scope="module")
def two_books(django_db_setup, django_db_blocker):
    """Two locations' books, written once; every test breaks them in a savepoint of its own."""
    from tests.books import books  # noqa: PLC0415
    from tests.factories import LocationFactory  # noqa: PLC0415

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, atomic():
        fake = FakeGateway()
        patch.setitem(KINDS, "stripe", replace(KINDS["stripe"], speaker=lambda _credentials: fake))
        yield [books(location) for location in (LocationFactory(), LocationFactory())]
        set_rollback(True)
