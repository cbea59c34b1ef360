"""What is done about credits that are owed: settled with the customer, or waived."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from community.models import User
from community.services import record_audit
from community.services.people import users_of
from membership.models import OwedCredits, Purchase
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
    note = _checked(note)
    owed = _lock(owed_id)
    if owed.state != OwedCredits.State.OPEN:
        raise OwedClosed
    owed.state, owed.note = state, note
    owed.closed_by, owed.closed_at = by, at
    owed.save(update_fields=["state", "note", "closed_by", "closed_at"])
    _put_down(owed, by=by, at=at)
    return owed


def waive_used(
    purchase: Purchase, credits: Decimal, note: str, *, by: User, at: datetime
) -> OwedCredits:
    """Note the used credits of a locked purchase on a bill that are not asked for, and why.

    :raises ReasonMissing:
    """
    waived: OwedCredits = OwedCredits.objects.create(
        location=purchase.location,
        purchase=purchase,
        credits=credits,
        noticed_at=at,
        state=OwedCredits.State.WAIVED,
        note=_checked(note),
        closed_by=by,
        closed_at=at,
    )
    _put_down(waived, by=by, at=at)
    return waived


def credits_owed(purchase: Purchase) -> Decimal:
    """What is or was owed of a purchase, however it was closed, but for what was lifted."""
    found = purchase.owed.aggregate(total=Sum(F("credits") - F("lifted")))["total"]
    return found or Decimal(0)


def _checked(note: str) -> str:
    if checked := note.replace("\0", "").strip()[:200]:
        return checked
    raise ReasonMissing


def _lock(owed_id: int) -> OwedCredits:
    owed: OwedCredits = (
        OwedCredits.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "purchase__customer__member", "purchase__customer__company")
        .get(pk=owed_id)
    )
    return owed


def _put_down(owed: OwedCredits, *, by: User, at: datetime) -> None:
    record_audit(
        location=owed.location,
        by=by,
        action=f"owed credits {owed.state}",
        subject=f"owed credits {owed.pk}",
        reason=owed.note,
        after={"credits": str(owed.left), "purchase": str(owed.purchase.key)},
        at=at,
    )
    _tell(owed, at=at)


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
