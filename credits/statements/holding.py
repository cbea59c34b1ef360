"""The SQL of holds: what is set aside, let go of, and taken out of them."""

from datetime import datetime
from decimal import Decimal

from community.database import fetch_row, run_statement
from credits.statements.booking import movement_of

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
    values = movement_of(
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
