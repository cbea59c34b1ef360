"""Which credits lapse soon and which balances are low, of all those that nobody was told of."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from community.database import fetch_rows
from notifications.statements import forget_told_balances

# A week before, or a day before for what was not told of sooner or has less time to live.
SELECT_LAPSING = """
SELECT soon.location_id, soon.wallet_id, soon.lapses_at, soon.credits, soon.key
FROM (
    SELECT due.*, 'lapsing:' || due.days || ':' || due.wallet_id || ':'
           || extract(epoch FROM due.lapses_at)::bigint AS key
    FROM (
        SELECT lot.location_id, lot.wallet_id, lot.lapses_at, sum(lot.remaining) AS credits,
               min(entry.happened_at) AS since,
               CASE WHEN lot.lapses_at <= %(at)s + interval '1 day' THEN 1 ELSE 7 END AS days
        FROM credits_lot lot
        JOIN credits_entry entry ON entry.id = lot.entry_id
        WHERE lot.remaining > 0 AND lot.lapses_at > %(at)s
        AND lot.lapses_at <= %(at)s + interval '7 days'
        GROUP BY lot.location_id, lot.wallet_id, lot.lapses_at
    ) due
    WHERE due.lapses_at - due.since > due.days * interval '1 day'
) soon
WHERE NOT EXISTS (
    SELECT 1 FROM notifications_notification n
    WHERE n.kind = 'credits_lapsing' AND n.location_id = soon.location_id AND n.key = soon.key
)
ORDER BY soon.lapses_at, soon.wallet_id
LIMIT 1000
"""

SELECT_LOW_BALANCES = """
SELECT w.location_id, w.id, wish.id, wish.below
FROM notifications_balancewish wish
JOIN credits_wallet w ON w.customer_id = wish.customer_id
WHERE wish.told_at IS NULL AND w.balance < wish.below
ORDER BY wish.id
LIMIT 1000
"""

SELECT_BALANCES_THAT_ROSE = """
SELECT wish.id
FROM notifications_balancewish wish
JOIN credits_wallet w ON w.customer_id = wish.customer_id
WHERE wish.told_at IS NOT NULL AND w.balance >= wish.below
"""


@dataclass(frozen=True)
class Lapsing:
    """Credits of a wallet that lapse at the same moment; the key names the telling of it."""

    location_id: int
    wallet_id: int
    lapses_at: datetime
    credits: Decimal
    key: str


@dataclass(frozen=True)
class LowBalance:
    location_id: int
    wallet_id: int
    wish_id: int
    below: Decimal


def select_lapsing(*, at: datetime) -> list[Lapsing]:
    return [Lapsing(*row) for row in fetch_rows(SELECT_LAPSING, {"at": at})]


def select_low_balances() -> list[LowBalance]:
    return [LowBalance(*row) for row in fetch_rows(SELECT_LOW_BALANCES, {})]


def forget_balances_that_rose() -> None:
    """Let those be told again whose balance is as high again as they like it."""
    rose = [wish_id for (wish_id,) in fetch_rows(SELECT_BALANCES_THAT_ROSE, {})]
    if rose:
        forget_told_balances(rose)
