"""The SQL of the ledger's writes: one statement moves wallet, entry and lots together."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from community.database import Row, fetch_row, run_statement

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
                               note, reference, idempotency_key, made_by_id, api_key_id,
                               happened_at, reverses_id)
    SELECT location_id, id, -%(credits)s, last_position, balance, %(reason)s,
           %(note)s, %(reference)s, %(key)s, %(made_by)s::bigint, %(api_key)s::bigint,
           %(at)s, %(reverses)s::bigint
    FROM wallet
    RETURNING id, balance_after
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
SELECT id, balance_after FROM entry
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

INSERT_HOLD = """
WITH wallet AS (
    UPDATE credits_wallet SET held = held + %(credits)s WHERE id = %(wallet)s
    RETURNING id, location_id
), hold AS (
    INSERT INTO credits_hold (location_id, wallet_id, credits, state, note, reference,
                              idempotency_key, made_by_id, api_key_id, created_at, expires_at)
    SELECT location_id, id, %(credits)s, 'open', %(note)s, %(reference)s, %(key)s,
           %(made_by)s::bigint, %(api_key)s::bigint, %(at)s, %(expires_at)s
    FROM wallet
    RETURNING id
), lot AS (
    SELECT id, remaining - held AS free,
           sum(remaining - held) OVER (ORDER BY lapses_at NULLS LAST, id)
           - (remaining - held) AS before
    FROM credits_lot
    WHERE wallet_id = %(wallet)s AND remaining > 0 AND remaining > held
), take AS (
    SELECT id, least(free, %(credits)s - before) AS credits FROM lot WHERE before < %(credits)s
), kept AS (
    UPDATE credits_lot SET held = credits_lot.held + take.credits
    FROM take WHERE credits_lot.id = take.id
), part AS (
    INSERT INTO credits_heldlot (hold_id, lot_id, credits)
    SELECT hold.id, take.id, take.credits FROM take, hold
)
SELECT id FROM hold
"""

# What holds that were closed had set aside is free again.
UPDATE_FREED = """
WITH part AS (
    SELECT lot_id, sum(credits) AS credits FROM credits_heldlot
    WHERE hold_id = ANY(%(holds)s) GROUP BY lot_id
), freed AS (
    UPDATE credits_lot SET held = held - part.credits FROM part WHERE id = part.lot_id
)
UPDATE credits_wallet SET held = held - coalesce((SELECT sum(credits) FROM part), 0)
WHERE id = %(wallet)s
RETURNING held
"""

# The youngest holds give first: they were made when less was certain.
UPDATE_LOOSENED = """
WITH part AS (
    SELECT part.id, part.credits, sum(part.credits) OVER (ORDER BY hold.id DESC) - part.credits
           AS before
    FROM credits_heldlot part JOIN credits_hold hold ON hold.id = part.hold_id
    WHERE part.lot_id = %(lot)s AND hold.state = 'open' AND part.credits > 0
), loose AS (
    SELECT id, least(credits, %(credits)s - before) AS credits FROM part
    WHERE before < %(credits)s
), parts AS (
    UPDATE credits_heldlot SET credits = credits_heldlot.credits - loose.credits
    FROM loose WHERE credits_heldlot.id = loose.id
), lot AS (
    UPDATE credits_lot SET held = held - %(credits)s WHERE id = %(lot)s RETURNING wallet_id
)
UPDATE credits_wallet SET held = held - %(credits)s
WHERE id = (SELECT wallet_id FROM lot)
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
    api_key_id: int | None = None,
    reference: str = "",
    lot_id: int | None = None,
    reverses_id: int | None = None,
) -> Booked:
    """Take unheld credits from the wallet's lots in spending order, or from one lot.

    The caller holds the wallet's lock and has checked that the lots have enough.
    """
    values = _movement(
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
    return _booked(fetch_row(INSERT_FREE_DRAW, values | {"lot": lot_id, "reverses": reverses_id}))


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
    values = _movement(
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
    return _booked(fetch_row(INSERT_CAPTURE, values | {"hold": hold_id, "reverses": None}))


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
    values = _movement(
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
    return _booked(fetch_row(INSERT_GIVING_BACK, values | {"reverses": reverses_id}))


def insert_hold(
    *,
    wallet_id: int,
    credits: Decimal,
    note: str,
    reference: str,
    key: str,
    made_by_id: int | None,
    api_key_id: int | None,
    expires_at: datetime,
    at: datetime,
) -> int:
    """Set unheld credits of the wallet's lots aside, in spending order; gives the hold's id.

    The caller holds the wallet's lock and has checked that the lots have enough.
    """
    values = _movement(
        wallet_id=wallet_id,
        credits=credits,
        reason="",
        note=note,
        reference=reference,
        key=key,
        made_by_id=made_by_id,
        api_key_id=api_key_id,
        at=at,
    )
    row = fetch_row(INSERT_HOLD, values | {"expires_at": expires_at})
    assert row, "a wallet holds"
    hold_id: int = row[0]
    return hold_id


def free_held_lots(*, wallet_id: int, hold_ids: list[int]) -> Decimal:
    """Let go of what holds named that were closed; gives what the wallet still holds."""
    row = fetch_row(UPDATE_FREED, {"wallet": wallet_id, "holds": hold_ids})
    assert row, "a wallet holds"
    held: Decimal = row[0]
    return held


def loosen_holds(*, lot_id: int, credits: Decimal) -> None:
    """Take this much of a lot out of the open holds that name it. They hold less then."""
    run_statement(UPDATE_LOOSENED, {"lot": lot_id, "credits": credits})


def _movement(
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


def _booked(row: Row | None) -> Booked:
    assert row, "a wallet moves"
    return Booked(*row)
