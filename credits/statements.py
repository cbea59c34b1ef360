"""The SQL of the ledger's writes: one statement moves wallet, entry and lots together."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from community.database import Row, fetch_row

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
                               note, idempotency_key, made_by_id, happened_at)
    SELECT location_id, id, %(credits)s, last_position, balance, %(reason)s,
           %(note)s, %(key)s, %(made_by)s::bigint, %(at)s
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
                               note, idempotency_key, made_by_id, happened_at, reverses_id)
    SELECT location_id, id, -%(credits)s, last_position, balance, %(reason)s,
           %(note)s, %(key)s, %(made_by)s::bigint, %(at)s, %(reverses)s::bigint
    FROM wallet
    RETURNING id, balance_after
), lot AS (
    SELECT id, remaining,
           sum(remaining) OVER (ORDER BY lapses_at NULLS LAST, id) - remaining AS before
    FROM credits_lot
    WHERE wallet_id = %(wallet)s AND remaining > 0
      AND (%(lot)s::bigint IS NULL OR id = %(lot)s::bigint)
), take AS (
    SELECT id, least(remaining, %(credits)s - before) AS credits FROM lot
    WHERE before < %(credits)s
), taken AS (
    UPDATE credits_lot SET remaining = credits_lot.remaining - take.credits
    FROM take WHERE credits_lot.id = take.id
), movement AS (
    INSERT INTO credits_lotmovement (lot_id, entry_id, credits)
    SELECT take.id, entry.id, -take.credits FROM take, entry
)
SELECT id, balance_after FROM entry
"""

SELECT_BALANCE = "SELECT balance FROM credits_wallet WHERE location_id = %s AND customer_id = %s"


@dataclass(frozen=True)
class Booked:
    """The entry just written and the wallet's balance after it, in credits."""

    entry_id: int
    balance: Decimal


def select_balance(*, location_id: int, customer_id: int) -> Decimal:
    """What a customer has; nothing, before their first credits."""
    row = fetch_row(SELECT_BALANCE, [location_id, customer_id])
    return row[0] if row else Decimal(0)


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
    }
    return _booked(fetch_row(INSERT_ACCRUAL, values))


def insert_draw(
    *,
    wallet_id: int,
    credits: Decimal,
    reason: str,
    note: str,
    key: str,
    made_by_id: int | None,
    at: datetime,
    lot_id: int | None = None,
    reverses_id: int | None = None,
) -> Booked:
    """Take credits from the wallet's lots in spending order, or from one lot.

    The caller holds the wallet's lock and has checked that the lots hold enough.
    """
    values = {
        "wallet": wallet_id,
        "credits": credits,
        "reason": reason,
        "note": note,
        "key": key,
        "made_by": made_by_id,
        "at": at,
        "lot": lot_id,
        "reverses": reverses_id,
    }
    return _booked(fetch_row(INSERT_DRAW, values))


def _booked(row: Row | None) -> Booked:
    assert row, "a wallet moves"
    return Booked(*row)
