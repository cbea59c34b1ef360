"""What the addresses of the admin take."""

from __future__ import annotations

from django.apps import apps
from django.utils.timezone import now
from django_scopes import scopes_disabled

from community.models import Export, User
from tests.test_architecture import BOTTOM_UP


def desk_ids(asker: User) -> dict[str, int]:
    """The first row of each model, and a file that somebody asked for."""
    file = Export.objects.create(
        asked_by=asker,
        listing="community.customer",
        form="csv",
        state="done",
        created_at=now(),
        finished_at=now(),
    )
    with scopes_disabled():
        return {"export_id": file.pk} | {
            f"admin_{label}_{model._meta.model_name}": model.objects.values_list("pk", flat=True)
            .order_by("pk")
            .first()
            or 0
            for label in BOTTOM_UP
            for model in apps.get_app_config(label).get_models()
        }
