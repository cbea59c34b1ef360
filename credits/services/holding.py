"""Credits set aside for something to come: held, then captured or let go."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from community.models import ApiKey, Customer, User
from community.money import format_credits
from credits.models import Entry, Hold, Wallet
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import (
    InsufficientCredits,
    KeyUsedDifferently,
    check_may_spend,
    is_movable,
    lock_wallet,
)
from credits.statements import free_held_lots, insert_capture, insert_hold


class HoldClosed(ValidationError):
    def __init__(self, hold: Hold) -> None:
        super().__init__(
            _("This hold is over: %(state)s."),
            code=f"hold_{hold.state}",
            params={"state": hold.get_state_display()},
        )


class MoreThanHeld(ValidationError):
    def __init__(self, *, wanted: Decimal, held: Decimal) -> None:
        super().__init__(
            _("This hold has %(held)s credits. %(wanted)s can't be captured."),
            code="more_than_held",
            params={"held": format_credits(held), "wanted": format_credits(wanted)},
        )


class ExpiresInThePast(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("A hold expires later than it begins."), code="expires_in_the_past")


@transaction.atomic
def hold_credits(
    *,
    customer: Customer,
    credits: Decimal,
    expires_at: datetime,
    key: str,
    at: datetime,
    note: str = "",
    reference: str = "",
    made_by: User | None = None,
    api_key: ApiKey | None = None,
) -> Hold:
    """Set credits aside, soonest-lapsing lots first, once per key. They don't lapse meanwhile.

    :raises InsufficientCredits: if less is available
    :raises CreditsLocked: if the customer may spend nothing now
    :raises ExpiresInThePast: if it would end before it begins
    :raises KeyUsedDifferently: if the key held another number of credits
    """
    assert is_movable(credits)
    wallet = lock_wallet(customer)
    if made := wallet.holds.filter(idempotency_key=key).first():
        return _same(made, credits)
    if expires_at <= at:
        raise ExpiresInThePast
    check_may_spend(customer)
    lapse_wallet(wallet, at=at)
    if wallet.available < credits:
        raise InsufficientCredits(needed=credits, available=wallet.available)
    hold_id = insert_hold(
        wallet_id=wallet.pk,
        credits=credits,
        note=note,
        reference=reference,
        key=key,
        made_by_id=made_by.pk if made_by else None,
        api_key_id=api_key.pk if api_key else None,
        expires_at=expires_at,
        at=at,
    )
    return Hold.objects.get(pk=hold_id)


@transaction.atomic
def capture_hold(
    *,
    hold: Hold,
    credits: Decimal | None,
    at: datetime,
    made_by: User | None = None,
    api_key: ApiKey | None = None,
) -> Entry:
    """Spend what was held, or less: the rest is free again. Twice the same is once.

    :param credits: None: all that is held
    :raises HoldClosed: if it was released, has expired, or captured another number of credits
    :raises MoreThanHeld: also if a claw-back has taken some of it meanwhile
    """
    wallet, hold = _lock(hold, at=at)
    if hold.capture and credits in {None, -hold.capture.credits}:
        return hold.capture
    if hold.state != Hold.State.OPEN:
        raise HoldClosed(hold)
    held = hold.parts.aggregate(total=Sum("credits"))["total"]
    wanted = held if credits is None else credits
    if not 0 < wanted <= held:
        raise MoreThanHeld(wanted=credits or hold.credits, held=held)
    wallet.held = free_held_lots(wallet_id=wallet.pk, hold_ids=[hold.pk])
    booked = insert_capture(
        hold_id=hold.pk,
        wallet_id=wallet.pk,
        credits=wanted,
        reason=Entry.Reason.SPENDING,
        note=hold.note,
        reference=hold.reference,
        key=f"hold:{hold.pk}",
        made_by_id=made_by.pk if made_by else None,
        api_key_id=api_key.pk if api_key else None,
        at=at,
    )
    _close(hold, Hold.State.CAPTURED, capture_id=booked.entry_id, at=at)
    lapse_wallet(wallet, at=at)
    return Entry.objects.get(pk=booked.entry_id)


@transaction.atomic
def release_hold(*, hold: Hold, at: datetime) -> Hold:
    """Let go of what was held; what is past its date lapses at once. Twice is once.

    :raises HoldClosed: if it was captured or has expired
    """
    wallet, hold = _lock(hold, at=at)
    if hold.state == Hold.State.RELEASED:
        return hold
    if hold.state != Hold.State.OPEN:
        raise HoldClosed(hold)
    wallet.held = free_held_lots(wallet_id=wallet.pk, hold_ids=[hold.pk])
    _close(hold, Hold.State.RELEASED, at=at)
    lapse_wallet(wallet, at=at)
    return hold


def _lock(hold: Hold, *, at: datetime) -> tuple[Wallet, Hold]:
    """The wallet, locked, and the hold as it is by now: its time may be over."""
    wallet = lock_wallet(hold.wallet.customer)
    lapse_wallet(wallet, at=at)
    return wallet, Hold.objects.select_related("capture").get(pk=hold.pk)


def _close(hold: Hold, state: Hold.State, *, at: datetime, capture_id: int | None = None) -> None:
    hold.state, hold.closed_at, hold.capture_id = state, at, capture_id
    hold.save(update_fields=["state", "closed_at", "capture"])


def _same(hold: Hold, credits: Decimal) -> Hold:
    if hold.credits != credits:
        raise KeyUsedDifferently
    return hold
