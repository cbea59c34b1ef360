from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django_scopes import scope

from community.models import AuditRecord, Location, User


def record_audit(
    *,
    location: Location,
    by: User | None,
    action: str,
    subject: str,
    at: datetime,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Say who changed what. Call it in the transaction of the change."""
    assert transaction.get_connection().in_atomic_block
    AuditRecord.objects.create(
        location=location,
        user=by,
        action=action,
        subject=subject,
        reason=reason,
        before=before or {},
        after=after or {},
        happened_at=at,
    )


@transaction.atomic
def open_location(
    *,
    name: str,
    slug: str,
    currency: str,
    time_zone: str,
    tax_name: str,
    tax_percent: Decimal,
    tax_included: bool,
    at: datetime,
) -> Location:
    """Make a location, yet without people.

    :raises ValidationError: if its address is taken or no address, or its tax no percentage
    """
    location = Location(
        name=name,
        slug=slug,
        currency=currency,
        time_zone=time_zone,
        tax_name=tax_name,
        tax_percent=tax_percent,
        tax_included=tax_included,
    )
    location.full_clean()
    location.save(force_insert=True)
    with scope(location=location):
        record_audit(
            location=location,
            by=None,
            action="location opened",
            subject=f"location {location.pk}",
            at=at,
        )
    return location


@transaction.atomic
def choose_theme(*, user: User, theme: User.Theme) -> None:
    user.theme = theme
    user.save(update_fields=["theme"])
