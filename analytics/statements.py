"""The SQL of this app's writes. The rollup row is the last lock that a sale takes."""

from datetime import date, datetime

from django.db import connection

INSERT_REVENUE_LINE = """
WITH line AS (
    INSERT INTO analytics_revenueline
        (location_id, month, source, method, label, net_minor, currency, key, happened_at)
    VALUES (%(location)s, %(month)s, %(source)s, %(method)s, %(label)s, %(net_minor)s::bigint,
            %(currency)s, %(key)s, %(at)s)
    ON CONFLICT (location_id, key) DO NOTHING
    RETURNING location_id, month, source, net_minor
)
INSERT INTO analytics_revenuemonth AS rollup
    (location_id, month, source, slot, net_minor, lines)
SELECT location_id, month, source, %(slot)s::smallint, net_minor, 1 FROM line
ON CONFLICT (location_id, month, source, slot)
DO UPDATE SET net_minor = rollup.net_minor + EXCLUDED.net_minor, lines = rollup.lines + 1
"""


def insert_revenue_line(
    *,
    location_id: int,
    month: date,
    source: str,
    method: str,
    label: str,
    net_minor: int,
    currency: str,
    key: str,
    slot: int,
    at: datetime,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_REVENUE_LINE,
            {
                "location": location_id,
                "month": month,
                "source": source,
                "method": method,
                "label": label,
                "net_minor": net_minor,
                "currency": currency,
                "key": key,
                "slot": slot,
                "at": at,
            },
        )
