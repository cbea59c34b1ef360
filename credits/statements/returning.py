"""The SQL of credits that come back to a lot that they were reversed from."""

from datetime import datetime
from decimal import Decimal

from community.database import fetch_row
from credits.statements.booking import Booked, booked

# The caller holds the wallet's lock and gives back no more than was taken from the lot.
INSERT_RETURN = """
WITH wallet AS (
    UPDATE credits_wallet
    SET balance = balance + %(credits)s, last_position = last_position + 1
    WHERE id = %(wallet)s
    RETURNING id, location_id, balance, last_position
), entry AS (
    INSERT INTO credits_entry (location_id, wallet_id, credits, position, balance_after, reason,
                               note, idempotency_key, made_by_id, happened_at, reverses_id)
    SELECT location_id, id, %(credits)s, last_position, balance, 'restoration',
           %(note)s, %(key)s, %(made_by)s::bigint, %(at)s, %(reverses)s
    FROM wallet
    RETURNING id, balance_after
), lot AS (
    UPDATE credits_lot SET remaining = remaining + %(credits)s WHERE id = %(lot)s
), movement AS (
    INSERT INTO credits_lotmovement (lot_id, entry_id, credits)
    SELECT %(lot)s, id, %(credits)s FROM entry
)
SELECT id, balance_after FROM entry
"""


def insert_return(
    *,
    wallet_id: int,
    lot_id: int,
    reverses_id: int,
    credits: Decimal,
    note: str,
    key: str,
    made_by_id: int | None,
    at: datetime,
) -> Booked:
    """Put credits back into the lot that they were taken from; the wallet's lock is held."""
    values = {
        "wallet": wallet_id,
        "lot": lot_id,
        "reverses": reverses_id,
        "credits": credits,
        "note": note,
        "key": key,
        "made_by": made_by_id,
        "at": at,
    }
    return booked(fetch_row(INSERT_RETURN, values))
