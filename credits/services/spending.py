from datetime import datetime
from decimal import Decimal

from django.db import transaction

from community.models import Customer, User
from credits.models import Entry
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import InsufficientCredits, is_movable, lock_wallet, replayed
from credits.statements import insert_draw


@transaction.atomic
def spend_credits(
    *,
    customer: Customer,
    credits: Decimal,
    key: str,
    at: datetime,
    note: str = "",
    made_by: User | None = None,
) -> Entry:
    """Take credits from the customer's wallet, soonest-lapsing lots first, once per key.

    :raises InsufficientCredits: if the wallet holds less
    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    assert is_movable(credits)
    wallet = lock_wallet(customer)
    if entry := replayed(wallet, key=key, credits=-credits):
        return entry
    lapse_wallet(wallet, at=at)
    if wallet.balance < credits:
        raise InsufficientCredits(needed=credits, available=wallet.balance)
    booked = insert_draw(
        wallet_id=wallet.pk,
        credits=credits,
        reason=Entry.Reason.SPENDING,
        note=note,
        key=key,
        made_by_id=made_by.pk if made_by else None,
        at=at,
    )
    return Entry.objects.get(pk=booked.entry_id)
