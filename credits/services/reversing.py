from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.db.models import Sum

from community.models import User
from credits.models import Entry, Lot
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import HUNDREDTH, lock_wallet
from credits.statements import insert_draw, loosen_holds


@dataclass(frozen=True)
class TakenBack:
    """What a reversal took, and what of its accrual was gone already and is owed."""

    credits: Decimal
    owed: Decimal
    balance: Decimal


@transaction.atomic
def reverse_accrual(
    *, accrual: Entry, part: int, whole: int, note: str, key: str, by: User | None, at: datetime
) -> TakenBack:
    """Take back what is unspent of an accrual, up to a part of it that counts cumulatively.

    The part is rounded down. What was spent or has lapsed stays: never a negative balance.
    Credits that no hold has set aside go first, then the holds give up theirs.
    The caller makes sure that the key is new.
    """
    wallet = lock_wallet(accrual.wallet.customer)
    lapse_wallet(wallet, at=at)
    lot = Lot.objects.get(entry=accrual)
    wanted = (accrual.credits * part / whole).quantize(HUNDREDTH, ROUND_DOWN) - _reversed(accrual)
    take = max(Decimal(0), min(lot.remaining, wanted))
    if not take:
        return TakenBack(Decimal(0), owed=max(Decimal(0), wanted), balance=wallet.balance)
    if held := max(Decimal(0), take - (lot.remaining - lot.held)):
        loosen_holds(lot_id=lot.pk, credits=held)
    booked = insert_draw(
        wallet_id=wallet.pk,
        credits=take,
        reason=Entry.Reason.REVERSAL,
        note=note,
        key=key,
        made_by_id=by.pk if by else None,
        at=at,
        lot_id=lot.pk,
        reverses_id=accrual.pk,
    )
    return TakenBack(take, owed=wanted - take, balance=booked.balance)


def _reversed(accrual: Entry) -> Decimal:
    taken = Entry.objects.filter(reverses=accrual).aggregate(total=Sum("credits"))["total"]
    return -(taken or Decimal(0))
