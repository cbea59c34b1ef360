"""The SQL of this app's writes: one statement each, in the transaction of what it tells."""

import json
from datetime import datetime
from typing import Any

from django.db import connection

INSERT_NOTIFICATION = """
INSERT INTO notifications_notification (location_id, user_id, kind, facts, key, created_at)
SELECT %s, unnest(%s::bigint[]), %s, %s::jsonb, %s, %s
ON CONFLICT (user_id, key) DO NOTHING
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
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_NOTIFICATION, [location_id, user_ids, kind, json.dumps(facts), key, at]
        )
