"""Credits of an accrual that are taken back, and given back again if the money returns."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.db.models import Q, Sum

from community.models import User
from community.money import share_of
from credits.models import Entry, Lot
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import HUNDREDTH, lock_wallet
from credits.statements import Booked, insert_accrual, insert_draw, insert_return, loosen_holds

NONE = Decimal(0)


@dataclass(frozen=True)
class TakenBack:
    """What a reversal took, and what of its accrual was gone already and is owed."""

    credits: Decimal
    owed: Decimal
    balance: Decimal


def part_of_credits(credits: Decimal, *, part: int, whole: int) -> Decimal:
    """The credits that belong to a part of their price, rounded down."""
    return (credits * part / whole).quantize(HUNDREDTH, ROUND_DOWN)


@transaction.atomic
def reverse_accrual(
    *,
    accrual: Entry,
    part: int,
    whole: int,
    note: str,
    key: str,
    by: User | None,
    at: datetime,
    owed: Decimal = NONE,
) -> TakenBack:
    """Take back what is unspent of an accrual, up to a part of it that counts cumulatively.

    The part is rounded down. What was spent or has lapsed stays: never a negative balance.
    Credits that no hold has set aside go first, then the holds give up theirs.
    The caller makes sure that the key is new.

    :param owed: credits of the part that were gone before, and are noted as owed
    """
    wallet = lock_wallet(accrual.wallet.customer)
    lapse_wallet(wallet, at=at)
    wanted = part_of_credits(accrual.credits, part=part, whole=whole) - owed - reversed_of(accrual)
    wanted = max(NONE, wanted)
    taken, balance = NONE, wallet.balance
    for lot in _lots_of(accrual):
        take = min(lot.remaining, wanted - taken)
        if not take:
            break
        if held := max(NONE, take - (lot.remaining - lot.held)):
            loosen_holds(lot_id=lot.pk, credits=held)
        booked = insert_draw(
            wallet_id=wallet.pk,
            credits=take,
            reason=Entry.Reason.REVERSAL,
            note=note,
            key=f"{key}:{lot.pk}" if taken else key,
            made_by_id=by.pk if by else None,
            at=at,
            lot_id=lot.pk,
            reverses_id=accrual.pk,
        )
        taken, balance = taken + take, booked.balance
    return TakenBack(taken, owed=wanted - taken, balance=balance)


@transaction.atomic
def restore_accrual(
    *, accrual: Entry, credits: Decimal, note: str, key: str, by: User | None, at: datetime
) -> Booked:
    """Give back credits of an accrual that were reversed, with the time that they had left.

    The caller makes sure that the key is new and that as many are reversed.
    """
    wallet = lock_wallet(accrual.wallet.customer)
    lapse_wallet(wallet, at=at)
    lot = Lot.objects.get(entry=accrual)
    made_by_id = by.pk if by else None
    if lot.lapses_at is None or lot.lapses_at > at:
        return insert_return(
            wallet_id=wallet.pk,
            lot_id=lot.pk,
            reverses_id=accrual.pk,
            credits=credits,
            note=note,
            key=key,
            made_by_id=made_by_id,
            at=at,
        )
    return insert_accrual(
        location_id=wallet.location_id,
        customer_id=wallet.customer_id,
        credits=credits,
        reason=Entry.Reason.RESTORATION,
        note=note,
        key=key,
        made_by_id=made_by_id,
        lapses_at=at + _time_left(accrual, lot.lapses_at),
        paid_minor=share_of(
            lot.paid_minor, part=int(credits / HUNDREDTH), whole=int(lot.credits / HUNDREDTH)
        ),
        at=at,
        reverses_id=accrual.pk,
    )


def reversed_of(accrual: Entry) -> Decimal:
    """How many credits of an accrual are reversed and not restored."""
    taken = Entry.objects.filter(reverses=accrual).aggregate(total=Sum("credits"))["total"]
    return -(taken or NONE)


def _lots_of(accrual: Entry) -> list[Lot]:
    """Its own lot, and those of credits that were restored after that had lapsed."""
    own = Lot.objects.filter(Q(entry=accrual) | Q(entry__reverses=accrual))
    return list(own.not_empty().in_spending_order())


def _time_left(accrual: Entry, lapses_at: datetime) -> timedelta:
    """What was left of their time when credits were last taken: it goes on from there."""
    reversals = Entry.objects.filter(reverses=accrual, reason=Entry.Reason.REVERSAL)
    last = reversals.order_by("-position").values_list("happened_at", flat=True)[0]
    return max(lapses_at - last, timedelta(seconds=1))
