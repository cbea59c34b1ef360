from datetime import datetime
from decimal import Decimal

from django.db import transaction

from community.models import ApiKey, Customer, User
from credits.models import Entry
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import (
    InsufficientCredits,
    check_may_spend,
    is_movable,
    lock_wallet,
    replayed,
)
from credits.statements import insert_draw


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
    wallet = lock_wallet(customer)
    if entry := replayed(wallet, key=key, credits=-credits):
        return entry
    check_may_spend(customer)
    lapse_wallet(wallet, at=at)
    if wallet.available < credits:
        raise InsufficientCredits(needed=credits, available=wallet.available)
    booked = insert_draw(
        wallet_id=wallet.pk,
        credits=credits,
        reason=Entry.Reason.SPENDING,
        note=note,
        reference=reference,
        key=key,
        made_by_id=made_by.pk if made_by else None,
        api_key_id=api_key.pk if api_key else None,
        at=at,
    )
    return Entry.objects.get(pk=booked.entry_id)
