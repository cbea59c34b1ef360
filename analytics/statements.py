"""The SQL of this app. The rollup row is the last lock that a sale takes."""

from datetime import date, datetime

from community.database import Row, fetch_row, fetch_rows, run_statement

# Nothing is written if the month was computed in a time zone that is no longer the location's.
INSERT_REVENUE_LINE = """
WITH place AS (
    SELECT id FROM community_location WHERE id = %(location)s AND time_zone = %(time_zone)s
), line AS (
    INSERT INTO analytics_revenueline
        (location_id, source, method, label, net_minor, currency, key, happened_at)
    SELECT id, %(source)s, %(method)s, %(label)s, %(net_minor)s::bigint, %(currency)s, %(key)s,
           %(at)s
    FROM place
    ON CONFLICT (location_id, key) DO NOTHING
    RETURNING location_id, source, method, net_minor
), rollup AS (
    INSERT INTO analytics_revenuemonth AS rollup
        (location_id, month, source, method, option, slot, net_minor, lines)
    SELECT location_id, %(month)s::date, source, method, %(option)s, %(slot)s::smallint,
           net_minor, 1
    FROM line
    ON CONFLICT (location_id, month, source, method, option, slot)
    DO UPDATE SET net_minor = rollup.net_minor + EXCLUDED.net_minor, lines = rollup.lines + 1
)
SELECT count(*) FROM place
"""

# Sales wait here for the moment of a rebuild; those under way are waited for. What comes after
# sees the new time zone, because a statement's snapshot is younger than its table locks.
LOCK_MONTHS = "LOCK TABLE analytics_revenuemonth IN SHARE ROW EXCLUSIVE MODE"

DELETE_MONTHS = """
DELETE FROM analytics_revenuemonth
WHERE location_id = %(location)s AND (%(month)s::date IS NULL OR month = %(month)s::date)
"""

INSERT_MONTHS = """
INSERT INTO analytics_revenuemonth
    (location_id, month, source, method, option, slot, net_minor, lines)
SELECT line.location_id, span.month, line.source, line.method, cut.option, 0,
       sum(line.net_minor), count(*)
FROM analytics_revenueline line
JOIN unnest(%(months)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS span (month, starts, ends)
    ON line.happened_at >= span.starts AND line.happened_at < span.ends
CROSS JOIN LATERAL (SELECT CASE line.source WHEN 'credits' THEN line.label ELSE '' END) cut (option)
WHERE line.location_id = %(location)s
GROUP BY line.location_id, span.month, line.source, line.method, cut.option
"""

SELECT_MONTHS = """
SELECT month, source, method, option, sum(net_minor)::bigint, sum(lines)::bigint
FROM analytics_revenuemonth
WHERE location_id = %(location)s AND month BETWEEN %(first)s AND %(last)s
GROUP BY month, source, method, option
"""

SELECT_FIRST_MONTH = "SELECT min(month) FROM analytics_revenuemonth WHERE location_id = %s"


def insert_revenue_line(
    *,
    location_id: int,
    time_zone: str,
    month: date,
    source: str,
    method: str,
    label: str,
    option: str,
    net_minor: int,
    currency: str,
    key: str,
    slot: int,
    at: datetime,
) -> bool:
    """Write a line and its part of the rollup; False if the time zone is another by now."""
    values = {
        "location": location_id,
        "time_zone": time_zone,
        "month": month,
        "source": source,
        "method": method,
        "label": label,
        "option": option,
        "net_minor": net_minor,
        "currency": currency,
        "key": key,
        "slot": slot,
        "at": at,
    }
    return fetch_row(INSERT_REVENUE_LINE, values) == (1,)


def lock_months() -> None:
    run_statement(LOCK_MONTHS, ())


def replace_months(
    *,
    location_id: int,
    months: list[date],
    starts: list[datetime],
    ends: list[datetime],
    only: date | None = None,
) -> None:
    """Write a location's months anew from its lines.

    :param only: the month to replace; without, all of them go
    """
    run_statement(DELETE_MONTHS, {"location": location_id, "month": only})
    run_statement(
        INSERT_MONTHS,
        {"location": location_id, "months": months, "starts": starts, "ends": ends},
    )


def select_months(*, location_id: int, first: date, last: date) -> list[Row]:
    return fetch_rows(SELECT_MONTHS, {"location": location_id, "first": first, "last": last})


def select_first_month(*, location_id: int) -> date | None:
    row = fetch_row(SELECT_FIRST_MONTH, [location_id])
    return row[0] if row else None
