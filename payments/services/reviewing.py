"""Money that a person must look at: noticed once, closed once, with a word on what was done."""

from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import User
from community.services import record_audit
from community.services.people import admins_of
from notifications.models import Notification
from notifications.services import notify
from payments.models import ReviewCase, Transaction

log = structlog.get_logger(__name__)


class ReviewClosed(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Somebody closed this case already."), code="review_closed")


class NotDecided(ValidationError):
    """A note alone would leave the charge pending for ever, and nobody could pay in its place."""

    def __init__(self) -> None:
        super().__init__(
            _("This payment is still open: a note alone doesn't end it. Settle it or fail it."),
            code="not_decided",
        )


class NoteMissing(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(_("Say what was done."), code="note_missing")
        super().__init__({"note": words})


def open_review(
    *,
    charge: Transaction,
    reason: ReviewCase.Reason,
    at: datetime,
    received_minor: int | None = None,
) -> ReviewCase:
    """Put a charge on the list of what staff must look at, once per reason, with an alarm."""
    case, made = ReviewCase.objects.get_or_create(
        charge=charge,
        reason=reason,
        defaults={
            "location_id": charge.location_id,
            "noticed_at": at,
            "received_minor": received_minor,
        },
    )
    if made:
        log.error("review_needed", case=case.pk, reason=reason, transaction=charge.pk)
        _tell_admins(case, at=at)
    return case


def open_mismatch(
    *,
    charge_id: int,
    location_id: int,
    expected: dict[str, Any],
    reported: dict[str, Any],
    at: datetime,
    about: str = "",
) -> None:
    """Have staff look at money that is not what was asked for, once, with an alarm.

    :param about: the reference of the refund or dispute, if it is one that doesn't fit
    """
    case, made = ReviewCase.objects.get_or_create(
        charge_id=charge_id,
        reason=ReviewCase.Reason.TAKEN_BACK if about else ReviewCase.Reason.MISMATCH,
        about=about,
        defaults={
            "location_id": location_id,
            "expected": expected,
            "reported": reported,
            "noticed_at": at,
        },
    )
    if made:
        log.error(
            "review_needed",
            case=case.pk,
            reason=case.reason,
            transaction=charge_id,
            expected=expected,
            reported=reported,
        )
        _tell_admins(case, at=at)


def _tell_admins(case: ReviewCase, *, at: datetime) -> None:
    notify(
        location=case.location,
        user_ids=admins_of(case.location),
        kind=Notification.Kind.REVIEW_NEEDED,
        facts={
            "name": case.charge.customer.name,
            "amount_minor": case.charge.amount_minor,
            "currency": case.charge.currency,
        },
        key=f"review needed:{case.pk}",
        at=at,
    )


@transaction.atomic
def close_review(
    *, case_id: int, note: str, by: User, at: datetime, action: str = "review closed"
) -> ReviewCase:
    """Note what was done about a case; it leaves the list.

    :raises ReviewClosed: if somebody did before
    :raises NotDecided: if its payment is to be settled or failed first
    :raises NoteMissing: if nothing is said
    """
    note = note.replace("\0", "").strip()[:200]
    if not note:
        raise NoteMissing
    case = _lock_after_its_charge(case_id)
    if case.closed_at:
        raise ReviewClosed
    if case.is_undecided:
        raise NotDecided
    case.note, case.closed_by, case.closed_at = note, by, at
    case.save(update_fields=["note", "closed_by", "closed_at"])
    record_audit(
        location=case.location,
        by=by,
        action=action,
        subject=f"review {case.pk}",
        reason=note,
        at=at,
    )
    return case


def _lock_after_its_charge(case_id: int) -> ReviewCase:
    """Lock a case, its charge before it: whoever settles that one may open a case."""
    Transaction.objects.select_for_update(no_key=True, of=("self",)).get(reviews=case_id)
    case: ReviewCase = (
        ReviewCase.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "charge")
        .get(pk=case_id)
    )
    return case
