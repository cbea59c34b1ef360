"""The SQL of the ledger's writes: one statement moves wallet, entry and lots together."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from community.database import Row, fetch_row, loaded
from community.money import format_credits
from credits.models import Wallet

# The upsert locks the wallet until commit, so position and balance are the wallet's next.
INSERT_ACCRUAL = """
WITH wallet AS (
    INSERT INTO credits_wallet AS w (location_id, customer_id, balance, last_position)
    VALUES (%(location)s, %(customer)s, %(credits)s, 1)
    ON CONFLICT (customer_id) DO UPDATE
    SET balance = w.balance + EXCLUDED.balance, last_position = w.last_position + 1
    RETURNING id, location_id, balance, last_position
), entry AS (
    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, idempotency_key, made_by_id, happened_at, reverses_id)
    SELECT location_id, id, %(credits)s, last_position, balance, %(reason)s,
           %(note)s, %(key)s, %(made_by)s::bigint, %(at)s, %(reverses)s::bigint
    FROM wallet
    RETURNING id, location_id, wallet_id, credits, balance_after
), lot AS (
    INSERT INTO credits_lot (location_id, wallet_id, entry_id, credits, remaining, lapses_at,
                             paid_minor)
    SELECT location_id, wallet_id, id, credits, credits, %(lapses_at)s::timestamptz,
           %(paid_minor)s::bigint
    FROM entry
)
SELECT id, balance_after FROM entry
"""

# The caller holds the wallet's lock; the statement's snapshot is younger than that lock.
INSERT_DRAW = """
WITH wallet AS (
    UPDATE credits_wallet
    SET balance = balance - %(credits)s, last_position = last_position + 1
    WHERE id = %(wallet)s
    RETURNING id, location_id, balance, last_position
), entry AS (
    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, reference, idempotency_key, made_by_id, api_key_id,
                               happened_at, reverses_id)
    SELECT location_id, id, -%(credits)s, last_position, balance, %(reason)s,
           %(note)s, %(reference)s, %(key)s, %(made_by)s::bigint, %(api_key)s::bigint,
           %(at)s, %(reverses)s::bigint
    FROM wallet
    RETURNING id, balance_after, position
), lot AS (
    SELECT id, free, sum(free) OVER (ORDER BY lapses_at NULLS LAST, id) - free AS before
    FROM ({free_lots}) AS lot
), take AS (
    SELECT id, least(free, %(credits)s - before) AS credits FROM lot WHERE before < %(credits)s
), taken AS (
    UPDATE credits_lot SET remaining = credits_lot.remaining - take.credits
    FROM take WHERE credits_lot.id = take.id
), movement AS (
    INSERT INTO credits_lotmovement (lot_id, entry_id, credits)
    SELECT take.id, entry.id, -take.credits FROM take, entry
)
SELECT id, balance_after, position FROM entry
"""
FREE_LOTS = """
    SELECT id, lapses_at, remaining - held AS free FROM credits_lot
    WHERE wallet_id = %(wallet)s AND remaining > 0 AND remaining > held
      AND (%(lot)s::bigint IS NULL OR id = %(lot)s::bigint)
"""
LOTS_OF_THE_HOLD = """
    SELECT lot.id, lot.lapses_at, part.credits AS free FROM credits_heldlot part
    JOIN credits_lot lot ON lot.id = part.lot_id
    WHERE part.hold_id = %(hold)s AND part.credits > 0
"""
INSERT_FREE_DRAW = INSERT_DRAW.replace("{free_lots}", FREE_LOTS)
INSERT_CAPTURE = INSERT_DRAW.replace("{free_lots}", LOTS_OF_THE_HOLD)

# Each lot gets back what the entry took from it, which its movements have as negative.
INSERT_GIVING_BACK = """
WITH wallet AS (
    UPDATE credits_wallet SET balance = balance + %(credits)s, last_position = last_position + 1
    WHERE id = %(wallet)s
    RETURNING id, location_id, balance, last_position
), entry AS (
    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, reference, idempotency_key, made_by_id, api_key_id,
                               happened_at, reverses_id)
    SELECT location_id, id, %(credits)s, last_position, balance, %(reason)s,
           %(note)s, %(reference)s, %(key)s, %(made_by)s::bigint, %(api_key)s::bigint,
           %(at)s, %(reverses)s::bigint
    FROM wallet
    RETURNING id, balance_after
), took AS (
    SELECT lot_id, credits FROM credits_lotmovement WHERE entry_id = %(reverses)s::bigint
), given AS (
    UPDATE credits_lot SET remaining = credits_lot.remaining - took.credits
    FROM took WHERE credits_lot.id = took.lot_id
), movement AS (
    INSERT INTO credits_lotmovement (lot_id, entry_id, credits)
    SELECT took.lot_id, entry.id, -took.credits FROM took, entry
)
SELECT id, balance_after FROM entry
"""

# Both are read after the lock, so nothing that a rival committed is missed.
LOCK_WALLET = """
SELECT id, location_id, customer_id, balance, held, last_position FROM credits_wallet
WHERE customer_id = %s FOR NO KEY UPDATE
"""
SELECT_SPENDING = """
SELECT (SELECT id FROM credits_entry WHERE wallet_id = %(wallet)s AND idempotency_key = %(key)s),
       EXISTS (SELECT 1 FROM credits_lot WHERE wallet_id = %(wallet)s AND remaining > 0
               AND remaining > held AND lapses_at <= %(at)s)
       OR EXISTS (SELECT 1 FROM credits_hold WHERE wallet_id = %(wallet)s AND state = 'open'
                  AND expires_at <= %(at)s),
       coalesce(member.state = 'active', company.state = 'open')
FROM community_customer customer
LEFT JOIN community_member member ON member.id = customer.member_id
LEFT JOIN community_company company ON company.id = customer.company_id
WHERE customer.id = %(customer)s
"""

SELECT_BALANCE = """
SELECT balance, held FROM credits_wallet WHERE location_id = %s AND customer_id = %s
"""


@dataclass(frozen=True)
class Balance:
    """What a customer has, and what of it holds have set aside."""

    credits: Decimal = Decimal(0)
    held: Decimal = Decimal(0)

    def __str__(self) -> str:
        return format_credits(self.credits)

    @property
    def available(self) -> Decimal:
        return self.credits - self.held


@dataclass(frozen=True)
class Booked:
    """The entry just written and the wallet's balance after it, in credits."""

    entry_id: int
    balance: Decimal
    position: int = 0  # in its wallet, where asked for


@dataclass(frozen=True)
class SpendingFacts:
    """What a spend rests on beside its wallet: the entry its key made, what is over, who asks."""

    replayed_id: int | None
    is_overdue: bool
    may_spend: bool


def select_wallet_to_lock(customer_id: int) -> Wallet | None:
    """The customer's wallet, locked until the transaction ends, if they have one."""
    row = fetch_row(LOCK_WALLET, [customer_id])
    names = ("id", "location_id", "customer_id", "balance", "held", "last_position")
    return loaded(Wallet, dict(zip(names, row, strict=True))) if row else None


def select_spending(*, wallet_id: int, customer_id: int, key: str, at: datetime) -> SpendingFacts:
    """Read what a spend rests on. The caller holds the wallet's lock."""
    values = {"wallet": wallet_id, "customer": customer_id, "key": key, "at": at}
    row = fetch_row(SELECT_SPENDING, values)
    assert row, "a wallet has its customer"
    return SpendingFacts(*row)


def select_balance(*, location_id: int, customer_id: int) -> Balance:
    """Nothing, before their first credits."""
    row = fetch_row(SELECT_BALANCE, [location_id, customer_id])
    return Balance(*row) if row else Balance()


def insert_accrual(
    *,
    location_id: int,
    customer_id: int,
    credits: Decimal,
    reason: str,
    note: str,
    key: str,
    made_by_id: int | None,
    lapses_at: datetime | None,
    paid_minor: int,
    at: datetime,
    reverses_id: int | None = None,
) -> Booked:
    values = {
        "location": location_id,
        "customer": customer_id,
        "credits": credits,
        "reason": reason,
        "note": note,
        "key": key,
        "made_by": made_by_id,
        "lapses_at": lapses_at,
        "paid_minor": paid_minor,
        "at": at,
        "reverses": reverses_id,
    }
    return booked(fetch_row(INSERT_ACCRUAL, values))


def insert_draw(
    *,
    wallet_id: int,
    credits: Decimal,
    reason: str,
    note: str,
    key: str,
    made_by_id: int | None,
    at: datetime,
    api_key_id: int | None = None,
    reference: str = "",
    lot_id: int | None = None,
    reverses_id: int | None = None,
) -> Booked:
    """Take unheld credits from the wallet's lots in spending order, or from one lot.

    The caller holds the wallet's lock and has checked that the lots have enough.
    """
    values = movement_of(
        wallet_id=wallet_id,
        credits=credits,
        reason=reason,
        note=note,
        reference=reference,
        key=key,
        made_by_id=made_by_id,
        api_key_id=api_key_id,
        at=at,
    )
    return booked(fetch_row(INSERT_FREE_DRAW, values | {"lot": lot_id, "reverses": reverses_id}))


def insert_capture(
    *,
    hold_id: int,
    wallet_id: int,
    credits: Decimal,
    reason: str,
    note: str,
    key: str,
    made_by_id: int | None,
    api_key_id: int | None,
    at: datetime,
    reference: str,
) -> Booked:
    """Take credits from the lots that a hold names. The hold has let go of them already."""
    values = movement_of(
        wallet_id=wallet_id,
        credits=credits,
        reason=reason,
        note=note,
        reference=reference,
        key=key,
        made_by_id=made_by_id,
        api_key_id=api_key_id,
        at=at,
    )
    return booked(fetch_row(INSERT_CAPTURE, values | {"hold": hold_id, "reverses": None}))


def insert_giving_back(
    *,
    wallet_id: int,
    credits: Decimal,
    reason: str,
    note: str,
    key: str,
    made_by_id: int | None,
    api_key_id: int | None,
    at: datetime,
    reference: str,
    reverses_id: int,
) -> Booked:
    """Put all that an entry took back into the lots that it came from."""
    values = movement_of(
        wallet_id=wallet_id,
        credits=credits,
        reason=reason,
        note=note,
        reference=reference,
        key=key,
        made_by_id=made_by_id,
        api_key_id=api_key_id,
        at=at,
    )
    return booked(fetch_row(INSERT_GIVING_BACK, values | {"reverses": reverses_id}))


def movement_of(
    *,
    wallet_id: int,
    credits: Decimal,
    reason: str,
    note: str,
    reference: str,
    key: str,
    made_by_id: int | None,
    api_key_id: int | None,
    at: datetime,
) -> dict[str, Any]:
    return {
        "wallet": wallet_id,
        "credits": credits,
        "reason": reason,
        "note": note,
        "reference": reference,
        "key": key,
        "made_by": made_by_id,
        "api_key": api_key_id,
        "at": at,
    }


def booked(row: Row | None) -> Booked:
    assert row, "a wallet moves"
    return Booked(*row)
