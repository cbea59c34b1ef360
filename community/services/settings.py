"""A location's settings: changed by group, under its lock, never over somebody else's change."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.services.audit import record_audit

PLACE = ("name", "locale", "time_zone", "currency")
BILLING = (
    "legal_name",
    "address",
    "vat_number",
    "registration_number",
    "bank_details",
    "document_footer",
    "document_prefix",
    "payment_terms_days",
    "reminder_days",
)
TAX = ("tax_name", "tax_percent", "tax_included")
MAILS = ("sender_name", "reply_to")
CREDIT_POLICY = (
    "bill_credits",
    "bill_limit_credits",
    "refuse_bills_while_overdue",
    "staff_limit_credits",
    "require_second_factor",
)


class ChangedMeanwhile(ValidationError):
    """Somebody saved other values after this page was filled; nothing is overwritten."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody changed this while you were here. Nothing of yours was saved."),
            code="changed_meanwhile",
        )


def facts_of(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The values as an audit record keeps them: plain, and equal only if they are the same."""
    return {name: plain_value(getattr(row, name)) for name in names}


def version_of(facts: dict[str, Any]) -> str:
    """A fingerprint of the values a form is filled with, to notice that they changed."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def lock_location(location: Location) -> Location:
    return Location.objects.select_for_update(no_key=True).get(pk=location.pk)


@transaction.atomic
def change_settings(
    *,
    location: Location,
    names: tuple[str, ...],
    values: dict[str, Any],
    seen: str,
    action: str,
    by: User,
    at: datetime,
) -> Location:
    """Put new values in place of a group of a location's settings. Equal ones write nothing.

    :param seen: `version_of` the values that the change started from
    :raises ChangedMeanwhile: if they are others by now
    """
    location = lock_location(location)
    refuse_stale(location, names, seen)
    write_settings(location, values, action=action, by=by, at=at)
    return location


def refuse_stale(row: Any, names: tuple[str, ...], seen: str) -> None:
    """Call it with the row's lock held.

    :raises ChangedMeanwhile: if its values are not the ones that were seen
    """
    if version_of(facts_of(row, names)) != seen:
        raise ChangedMeanwhile


def write_settings(
    location: Location,
    values: dict[str, Any],
    *,
    action: str,
    by: User,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Save and audit what differs. Call it with the location's lock held.

    :param before, after: what the same change moved elsewhere, for the same audit record
    """
    old = facts_of(location, tuple(values))
    for name, value in values.items():
        setattr(location, name, value)
    location.clean_fields(exclude={field.name for field in location._meta.fields} - set(values))  # noqa: SLF001
    new = facts_of(location, tuple(values))
    changed = [name for name in values if old[name] != new[name]]
    if changed:
        location.save(update_fields=changed)
    if changed or after:
        record_audit(
            location=location,
            by=by,
            action=action,
            subject=f"location {location.pk}",
            at=at,
            before={name: old[name] for name in changed} | (before or {}),
            after={name: new[name] for name in changed} | (after or {}),
        )


def plain_value(value: Any) -> Any:
    """A number without needless zeros, as text; anything else as it is."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value
