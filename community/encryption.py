"""Secrets at rest: encrypted by a key ring of their own, not by SECRET_KEY."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models

ENCRYPTED = "gAAAAA"  # how all that Fernet writes begins


@cache
def key_ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database; the newest key of FIELD_KEYS writes, all read."""

    def get_prep_value(self, value: Any) -> Any:
        return key_ring().encrypt(value.encode()).decode() if value else value

    def value_to_string(self, obj: models.Model) -> str:
        """For `dumpdata`: a secret leaves the database as it lies there."""
        return self.get_prep_value(self.value_from_object(obj)) or ""

    def to_python(self, value: Any) -> Any:
        """For `loaddata`: what was dumped is read again."""
        if isinstance(value, str) and value.startswith(ENCRYPTED):
            return key_ring().decrypt(value).decode()
        return value

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        return key_ring().decrypt(value).decode() if value else value
