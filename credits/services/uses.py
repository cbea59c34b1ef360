"""What credits are good for at a location: a list for its members to read, in its own order."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.services import record_audit
from community.services.settings import facts_of, lock_location, refuse_stale
from credits.models import CreditUse

USE = ("name", "credits", "icon")
MAX_USES = 20


class UseGone(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Somebody removed this while you were here."), code="use_gone")


class TooManyUses(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Members read at most %(most)d uses. Remove one first."),
            code="too_many_uses",
            params={"most": MAX_USES},
        )


@transaction.atomic
def add_use(
    *, location: Location, name: str, credits: Decimal, icon: str, by: User, at: datetime
) -> CreditUse:
    """Tell members of one more thing that credits are good for, last in the list.

    :raises TooManyUses: if the list is full
    """
    lock_location(location)
    listed = CreditUse.objects.count()
    if listed >= MAX_USES:
        raise TooManyUses
    use = CreditUse.objects.create(
        location=location, name=name, credits=credits, icon=icon, position=listed + 1
    )
    _audit("credit use added", use, by=by, at=at, after=facts_of(use, USE))
    return use


@transaction.atomic
def change_use(
    *,
    use: CreditUse,
    name: str,
    credits: Decimal,
    icon: str,
    seen: str,
    by: User,
    at: datetime,
) -> CreditUse:
    """Word a use anew.

    :param seen: `version_of` the values that the change started from
    :raises ChangedMeanwhile: if they are others by now
    :raises UseGone: if it was removed
    """
    use = _lock_use(use)
    refuse_stale(use, USE, seen)
    before = facts_of(use, USE)
    use.name, use.credits, use.icon = name, credits, icon
    after = facts_of(use, USE)
    changed = [fact for fact in USE if before[fact] != after[fact]]
    if changed:
        use.save(update_fields=changed)
        _audit(
            "credit use changed",
            use,
            by=by,
            at=at,
            before={fact: before[fact] for fact in changed},
            after={fact: after[fact] for fact in changed},
        )
    return use


@transaction.atomic
def remove_use(*, use: CreditUse, by: User, at: datetime) -> None:
    """Take a use off the list.

    :raises UseGone: if somebody else did
    """
    use = _lock_use(use)
    _audit("credit use removed", use, by=by, at=at, before=facts_of(use, USE))
    use.delete()
    _number(list(_in_order()))


@transaction.atomic
def move_use(*, use: CreditUse, to: int, by: User, at: datetime) -> None:
    """Move a use to a place in the list, counted from 0.

    :raises UseGone: if it was removed
    """
    use = _lock_use(use)
    order = list(_in_order())
    from_ = order.index(use)
    order.insert(max(0, min(to, len(order) - 1)), order.pop(from_))
    _number(order)
    if (place := order.index(use)) != from_:
        before, after = {"position": from_ + 1}, {"position": place + 1}
        _audit("credit use moved", use, by=by, at=at, before=before, after=after)


def _lock_use(use: CreditUse) -> CreditUse:
    lock_location(use.location)
    found: CreditUse | None
    found = CreditUse.objects.select_related("location").filter(pk=use.pk).first()
    if found is None:
        raise UseGone
    return found


def _in_order() -> Any:
    return CreditUse.objects.order_by("position", "pk")


def _number(order: list[CreditUse]) -> None:
    for position, row in enumerate(order, start=1):
        row.position = position
    CreditUse.objects.bulk_update(order, ["position"])


def _audit(
    action: str,
    use: CreditUse,
    *,
    by: User,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record_audit(
        location=use.location,
        by=by,
        action=action,
        subject=f"credit use {use.pk}",
        at=at,
        before=before,
        after=after,
    )
