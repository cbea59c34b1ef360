"""What is done about credits that are owed: settled with the customer, or waived."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import User
from community.services import record_audit
from community.services.people import users_of
from membership.models import OwedCredits
from notifications.models import Notification
from notifications.services import notify


class OwedClosed(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This is not owed any more: it was settled, waived, or the money came back."),
            code="owed_closed",
        )


class ReasonMissing(ValidationError):
    def __init__(self) -> None:
        super().__init__({"note": ValidationError(_("Say how or why."), code="reason_missing")})


def settle_owed(*, owed_id: int, note: str, by: User, at: datetime) -> OwedCredits:
    """Note that the customer made good for credits that they owed, and how.

    :raises OwedClosed, ReasonMissing:
    """
    return _close(owed_id, OwedCredits.State.SETTLED, note, by=by, at=at)


def waive_owed(*, owed_id: int, note: str, by: User, at: datetime) -> OwedCredits:
    """Let a customer off credits that they owe, and say why.

    :raises OwedClosed, ReasonMissing:
    """
    return _close(owed_id, OwedCredits.State.WAIVED, note, by=by, at=at)


@transaction.atomic
def _close(
    owed_id: int, state: OwedCredits.State, note: str, *, by: User, at: datetime
) -> OwedCredits:
    note = note.replace("\0", "").strip()[:200]
    if not note:
        raise ReasonMissing
    owed = _lock(owed_id)
    if owed.state != OwedCredits.State.OPEN:
        raise OwedClosed
    owed.state, owed.note = state, note
    owed.closed_by, owed.closed_at = by, at
    owed.save(update_fields=["state", "note", "closed_by", "closed_at"])
    record_audit(
        location=owed.location,
        by=by,
        action=f"owed credits {state}",
        subject=f"owed credits {owed.pk}",
        reason=note,
        after={"credits": str(owed.left), "purchase": str(owed.purchase.key)},
        at=at,
    )
    _tell(owed, at=at)
    return owed


def _lock(owed_id: int) -> OwedCredits:
    owed: OwedCredits = (
        OwedCredits.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "purchase__customer__member", "purchase__customer__company")
        .get(pk=owed_id)
    )
    return owed


def _tell(owed: OwedCredits, *, at: datetime) -> None:
    customer = owed.purchase.customer
    notify(
        location=owed.location,
        user_ids=users_of(customer),
        kind=Notification.Kind.OWED_CLOSED,
        facts={
            "credits": str(owed.left),
            "is_waived": owed.state == OwedCredits.State.WAIVED,
            "reason": owed.note,
            "company": customer.company_name,
            "company_id": customer.company_id,
        },
        key=f"owed:{owed.pk}",
        at=at,
    )
