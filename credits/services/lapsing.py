from datetime import datetime

from django.db import transaction

from community.services.people import users_of
from credits.models import Entry, Lot, Wallet
from credits.statements import insert_draw
from notifications.models import Notification
from notifications.services import notify


def lapse_wallet(wallet: Wallet, *, at: datetime) -> list[Entry]:
    """Write an entry for each lot of a locked wallet whose time is over, once each.

    Spending calls it too, so that credits past their date can't be spent before the
    beat task has come by.
    """
    due = Lot.objects.filter(wallet=wallet, lapses_at__lte=at).not_empty().in_spending_order()
    return [_lapse_lot(wallet, lot, at=at) for lot in due]


@transaction.atomic
def lapse_customer_lots(*, wallet_id: int, at: datetime) -> list[Entry]:
    """Lapse what is due in one wallet; safe to call twice and at once."""
    wallet = Wallet.objects.select_for_update(no_key=True).get(pk=wallet_id)
    return lapse_wallet(wallet, at=at)


def _lapse_lot(wallet: Wallet, lot: Lot, *, at: datetime) -> Entry:
    booked = insert_draw(
        wallet_id=wallet.pk,
        credits=lot.remaining,
        reason=Entry.Reason.LAPSE,
        note="",
        key=f"lapse:{lot.pk}",
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
            "credits": str(lot.remaining),
            "balance": str(booked.balance),
            "company": wallet.customer.company_name,
            "company_id": wallet.customer.company_id,
        },
        key=f"lapse:{lot.pk}",
        at=at,
    )
    return Entry.objects.get(pk=booked.entry_id)
