from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from community.database import loaded
from community.models import ApiKey, Customer, User
from credits.models import Entry, Wallet
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import (
    CreditsLocked,
    InsufficientCredits,
    KeyUsedDifferently,
    is_movable,
)
from credits.statements import Booked, insert_draw, select_spending, select_wallet_to_lock


@transaction.atomic
def spend_credits(
    *,
    customer: Customer,
    credits: Decimal,
    key: str,
    at: datetime,
    note: str = "",
    reference: str = "",
    made_by: User | None = None,
    api_key: ApiKey | None = None,
) -> Entry:
    """Take credits from the customer's wallet, soonest-lapsing lots first, once per key.

    What holds have set aside is not there to be spent.

    :raises InsufficientCredits: if less is available
    :raises CreditsLocked: if the customer may spend nothing now
    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    assert is_movable(credits)
    wallet = select_wallet_to_lock(customer.pk)
    if wallet is None:
        raise InsufficientCredits(needed=credits, available=Decimal(0))
    facts = select_spending(wallet_id=wallet.pk, customer_id=customer.pk, key=key, at=at)
    if facts.replayed_id:
        return _same(Entry.objects.get(pk=facts.replayed_id), credits)
    if not facts.may_spend:
        raise CreditsLocked
    if facts.is_overdue:
        lapse_wallet(wallet, at=at)
    if wallet.available < credits:
        raise InsufficientCredits(needed=credits, available=wallet.available)
    moved: dict[str, Any] = {
        "credits": credits,
        "reason": Entry.Reason.SPENDING,
        "note": note,
        "reference": reference,
        "made_by_id": made_by.pk if made_by else None,
        "api_key_id": api_key.pk if api_key else None,
    }
    booked = insert_draw(wallet_id=wallet.pk, key=key, at=at, **moved)
    return _written(wallet, booked, moved, key=key, at=at)


def _same(entry: Entry, credits: Decimal) -> Entry:
    if entry.credits != -credits:
        raise KeyUsedDifferently
    return entry


def _written(
    wallet: Wallet, booked: Booked, moved: dict[str, Any], *, key: str, at: datetime
) -> Entry:
    """The entry as it was written, without asking for it again."""
    entry = loaded(
        Entry,
        moved
        | {
            "id": booked.entry_id,
            "location_id": wallet.location_id,
            "wallet_id": wallet.pk,
            "credits": -moved["credits"],
            "position": booked.position,
            "balance_after": booked.balance,
            "reverses_id": None,
            "idempotency_key": key,
            "happened_at": at,
        },
    )
    entry.wallet = wallet
    return entry
