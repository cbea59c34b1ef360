import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.db import connection
from django_scopes import scope

from community.encryption import key_ring
from payments.models import GatewayConnection
from tests.factories import ConnectionFactory

CANARY = "rk_live_canary"


@pytest.fixture
def stored(db):
    stored = ConnectionFactory(secret_key=CANARY, webhook_secret="")
    with scope(location=stored.location):
        yield stored


@pytest.fixture
def keys(settings):
    """Set the installation's keys; the ring is remembered, so it must forget."""

    def use(*keys):
        settings.FIELD_KEYS = list(keys)
        key_ring.cache_clear()

    yield use
    key_ring.cache_clear()


def at_rest():
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret_key, webhook_secret FROM payments_gatewayconnection")
        return cursor.fetchone()


def test_a_secret_is_unreadable_at_rest_and_readable_to_the_code(stored):
    stored.refresh_from_db()

    assert stored.secret_key == CANARY
    assert CANARY not in at_rest()[0]


def test_the_same_secret_never_looks_the_same(stored):
    before = at_rest()[0]
    stored.save()

    assert at_rest()[0] != before


def test_nothing_stays_nothing(stored):
    assert at_rest()[1] == ""
    assert GatewayConnection.objects.get().webhook_secret == ""


def test_a_rotated_key_ring_reads_what_the_old_key_wrote(stored, keys, settings):
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    keys(new, old)

    rotated = GatewayConnection.objects.get()
    rotated.save()
    keys(new)

    assert GatewayConnection.objects.get().secret_key == CANARY


def test_without_its_key_a_secret_can_not_be_read(stored, keys):
    keys(Fernet.generate_key().decode())

    with pytest.raises(InvalidToken):
        GatewayConnection.objects.get()


def test_no_secret_is_shown_when_a_connection_is_printed(stored):
    assert CANARY not in f"{stored} {stored!r}"
