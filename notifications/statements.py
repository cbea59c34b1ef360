"""The SQL of this app's writes: one statement each, in the transaction of what it tells."""

import json
from datetime import datetime
from typing import Any

from community.database import fetch_row, run_statement

INSERT_NOTIFICATION = """
INSERT INTO notifications_notification (location_id, user_id, kind, facts, key, created_at)
SELECT %s, unnest(%s::bigint[]), %s, %s::jsonb, %s, %s
ON CONFLICT (user_id, key) DO NOTHING
"""

COUNT_UNREAD = """
SELECT count(*) FROM notifications_notification
WHERE location_id = %s AND user_id = %s AND read_at IS NULL
"""


def insert_notifications(
    *,
    location_id: int,
    user_ids: list[int],
    kind: str,
    facts: dict[str, Any],
    key: str,
    at: datetime,
) -> None:
    run_statement(INSERT_NOTIFICATION, [location_id, user_ids, kind, json.dumps(facts), key, at])


def count_unread(*, location_id: int, user_id: int) -> int:
    """The number on the bell of every page."""
    row = fetch_row(COUNT_UNREAD, [location_id, user_id])
    return row[0] if row else 0
