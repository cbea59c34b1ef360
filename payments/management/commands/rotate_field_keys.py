from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django_scopes import scopes_disabled

from community.encryption import key_ring
from payments.services.rotating import encrypted_fields, reencrypt_row


class Command(BaseCommand):
    help = (
        "Encrypt all stored secrets with the first key of FIELD_KEYS. To rotate: put a new key"
        " before the old one, restart, run this, take the old one away, restart. Safe to repeat."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with scopes_disabled():
            count = sum(self._rewrite(model, reencrypt_row) for model in encrypted_fields())
        count += self._rewrite(Authenticator, reencrypt_second_factor)
        self.stdout.write(f"{count} rows are encrypted with the newest key.")

    def _rewrite(self, model: type[models.Model], write: Any) -> int:
        """Go by keys, without the secrets: one that can't be read must not hide the others."""
        keys = list(model._default_manager.order_by("pk").values_list("pk", flat=True))  # noqa: SLF001
        for pk in keys:
            try:
                write(model, pk)
            except InvalidToken as unread:
                name = model._meta.verbose_name  # noqa: SLF001
                raise CommandError(f"No key of FIELD_KEYS reads {name} {pk}.") from unread
        return len(keys)


@transaction.atomic
def reencrypt_second_factor(model: type[Authenticator], pk: int) -> None:
    """Write anew what our adapter of allauth encrypts: an app's secret, the codes for recovery."""
    row = model.objects.select_for_update(no_key=True).get(pk=pk)
    for name in {"secret", "seed"} & row.data.keys():
        row.data[name] = _rotated(row.data[name])
    if codes := row.data.get("migrated_codes"):
        row.data["migrated_codes"] = [_rotated(code) for code in codes]
    row.save(update_fields=["data"])


def _rotated(encrypted: str) -> str:
    return key_ring().rotate(encrypted.encode()).decode()
