from datetime import datetime

from django.db import transaction
from django.db.models import F

from community.services.people import users_of
from credits.models import Entry, Hold, Lot, Wallet
from credits.statements import free_held_lots, insert_draw
from notifications.models import Notification
from notifications.services import notify


def lapse_wallet(wallet: Wallet, *, at: datetime) -> list[Entry]:
    """Write an entry for each lot of a locked wallet whose time is over, once each.

    What a hold has set aside stays until the hold ends; holds that end by now are closed first.
    Spending calls it too, so that credits past their date can't be spent before the
    beat task has come by.
    """
    _close_expired_holds(wallet, at=at)
    due = Lot.objects.filter(wallet=wallet, lapses_at__lte=at).with_free_credits()
    return [_lapse_lot(wallet, lot, at=at) for lot in due.in_spending_order()]


@transaction.atomic
def lapse_customer_lots(*, wallet_id: int, at: datetime) -> list[Entry]:
    """Lapse what is due in one wallet; safe to call twice and at once."""
    wallet = Wallet.objects.select_for_update(no_key=True).get(pk=wallet_id)
    return lapse_wallet(wallet, at=at)


def _close_expired_holds(wallet: Wallet, *, at: datetime) -> None:
    due = Hold.objects.open().filter(wallet=wallet, expires_at__lte=at)
    over = list(due.values_list("pk", flat=True))
    if not over:
        return
    # Closed with the moment that ended them, however late somebody looks.
    Hold.objects.filter(pk__in=over).update(state=Hold.State.EXPIRED, closed_at=F("expires_at"))
    wallet.held = free_held_lots(wallet_id=wallet.pk, hold_ids=over)


def _lapse_lot(wallet: Wallet, lot: Lot, *, at: datetime) -> Entry:
    credits = lot.remaining - lot.held
    key = _lapse_key(lot)
    booked = insert_draw(
        wallet_id=wallet.pk,
        credits=credits,
        reason=Entry.Reason.LAPSE,
        note="",
        key=key,
        made_by_id=None,
        at=at,
        lot_id=lot.pk,
    )
    wallet.balance = booked.balance
    notify(
        location=wallet.location,
        user_ids=users_of(wallet.customer),
        kind=Notification.Kind.CREDITS_LAPSED,
        facts={
            "credits": str(credits),
            "balance": str(booked.balance),
            "company": wallet.customer.company_name,
            "company_id": wallet.customer.company_id,
        },
        key=key,
        at=at,
    )
    return Entry.objects.get(pk=booked.entry_id)


def _lapse_key(lot: Lot) -> str:
    """A lot lapses again when credits come free in it that its first lapse left or never saw."""
    before = lot.movements.filter(entry__reason=Entry.Reason.LAPSE).count()
    return f"lapse:{lot.pk}:{before + 1}" if before else f"lapse:{lot.pk}"
