import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import CommandError, call_command
from django_scopes import scope

from community.encryption import key_ring
from payments.models import GatewayConnection
from tests.factories import ConnectionFactory, UserFactory


@pytest.fixture
def keys(settings):
    def use(*keys):
        settings.FIELD_KEYS = list(keys)
        key_ring.cache_clear()

    yield use
    key_ring.cache_clear()


@pytest.fixture
def stored(db):
    connections = [ConnectionFactory(secret_key=f"rk_test_{n}") for n in range(3)]
    Authenticator.objects.create(
        user=UserFactory(), type="totp", data={"secret": encrypt("totp secret")}
    )
    Authenticator.objects.create(
        user=UserFactory(),
        type="recovery_codes",
        data={"seed": encrypt("seed"), "used_mask": 0, "migrated_codes": [encrypt("code")]},
    )
    return connections


def secrets():
    return [
        {name: value for name, value in row.data.items() if name != "used_mask"}
        for row in Authenticator.objects.order_by("pk")
    ]


def test_after_a_rotation_the_old_key_is_not_needed(stored, keys, settings, capsys):
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    keys(new, old)

    call_command("rotate_field_keys")

    assert "5 rows are encrypted with the newest key." in capsys.readouterr().out
    keys(new)
    for number, connection in enumerate(stored):
        with scope(location=connection.location):
            row = GatewayConnection.objects.get()
            assert (row.secret_key, row.webhook_secret) == (f"rk_test_{number}", "whsec_fake")
    totp, recovery = secrets()
    assert decrypt(totp["secret"]) == "totp secret"
    assert decrypt(recovery["seed"]) == "seed"
    assert decrypt(recovery["migrated_codes"][0]) == "code"


def test_rotating_twice_changes_nothing_that_is_read(stored, keys, settings):
    keys(Fernet.generate_key().decode(), settings.FIELD_KEYS[0])

    call_command("rotate_field_keys")
    call_command("rotate_field_keys")

    with scope(location=stored[0].location):
        assert GatewayConnection.objects.get().secret_key == "rk_test_0"


def test_a_secret_that_no_key_reads_stops_it_and_is_named(stored, keys):
    keys(Fernet.generate_key().decode())

    with pytest.raises(CommandError, match=f"gateway connection {stored[0].pk}"):
        call_command("rotate_field_keys")

    with scope(location=stored[0].location), pytest.raises(InvalidToken):
        GatewayConnection.objects.get()
