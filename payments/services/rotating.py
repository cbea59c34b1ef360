from django.apps import apps
from django.db import models, transaction

from community.encryption import EncryptedTextField


def encrypted_fields() -> dict[type[models.Model], list[str]]:
    """Every model that keeps a secret, with the names of its fields."""
    found = {
        model: [it.name for it in model._meta.concrete_fields if isinstance(it, EncryptedTextField)]  # noqa: SLF001
        for model in apps.get_models()
    }
    return {model: names for model, names in found.items() if names}


@transaction.atomic
def reencrypt_row(model: type[models.Model], pk: int) -> None:
    """Write a row's secrets anew, with the newest key.

    :raises InvalidToken: if none of the keys reads them
    """
    row = model._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=pk)  # noqa: SLF001
    row.save(update_fields=encrypted_fields()[model])
