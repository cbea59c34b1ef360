from datetime import datetime
from typing import Any

from django.db import transaction

from community.models import ApiKey, AuditRecord, Location, User


def record_audit(
    *,
    location: Location,
    by: User | None,
    action: str,
    subject: str,
    at: datetime,
    reason: str = "",
    api_key: ApiKey | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Say who changed what. Call it in the transaction of the change."""
    assert transaction.get_connection().in_atomic_block
    AuditRecord.objects.create(
        location=location,
        user=by,
        api_key=api_key,
        action=action,
        subject=subject,
        reason=reason,
        before=before or {},
        after=after or {},
        happened_at=at,
    )
