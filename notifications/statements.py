"""The SQL of this app: telling costs one statement, and so does each step of a delivery."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from community.database import fetch_row, fetch_rows, run_statement

INSERT_NOTIFICATION = """
INSERT INTO notifications_notification (location_id, user_id, kind, facts, key, created_at)
SELECT %s, unnest(%s::bigint[]), %s, %s::jsonb, %s, %s
ON CONFLICT (user_id, key) DO NOTHING
"""

COUNT_UNREAD = """
SELECT count(*) FROM notifications_notification n
WHERE location_id = %(location)s AND user_id = %(user)s AND read_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM notifications_preference p
    WHERE p.user_id = %(user)s AND p.kind = n.kind AND p.channel = 'app' AND NOT p.wanted
)
"""

# Who is told by which way is decided here once, and again by whoever delivers.
PLAN_DELIVERIES = """
WITH news AS (
    SELECT id, location_id, user_id, kind, created_at FROM notifications_notification
    WHERE planned_at IS NULL
    ORDER BY id
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
), planned AS (
    UPDATE notifications_notification n SET planned_at = %(at)s FROM news WHERE n.id = news.id
), wanted AS (
    SELECT news.*, way.channel
    FROM news
    JOIN unnest(%(kinds)s::text[], %(channels)s::text[], %(defaults)s::boolean[])
        AS way (kind, channel, by_default) ON way.kind = news.kind
    LEFT JOIN notifications_preference p
        ON p.user_id = news.user_id AND p.kind = news.kind AND p.channel = way.channel
    WHERE coalesce(p.wanted, way.by_default) AND news.created_at > %(since)s
), made AS (
    INSERT INTO notifications_delivery
        (location_id, notification_id, channel, subscription_id, state, created_at, attempts,
         next_try_at, reason, trouble)
    SELECT wanted.location_id, wanted.id, wanted.channel, s.id, 'owed', %(at)s, 0, %(at)s, '', ''
    FROM wanted
    LEFT JOIN notifications_pushsubscription s
        ON wanted.channel = 'push' AND s.user_id = wanted.user_id AND s.ended_at IS NULL
    WHERE wanted.channel = 'email' OR s.id IS NOT NULL
    ORDER BY wanted.id, wanted.channel, s.id
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM news
"""

# With all that sending it rests on, as it is at this moment.
CLAIM_DELIVERY = """
WITH claimed AS (
    UPDATE notifications_delivery
    SET state = 'sending', attempts = attempts + 1, tried_at = %(at)s
    WHERE id = (
        SELECT id FROM notifications_delivery
        WHERE state = 'owed' AND next_try_at <= %(at)s
        ORDER BY next_try_at, id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING id, notification_id, subscription_id, channel, attempts
)
SELECT claimed.id, claimed.channel, claimed.attempts,
       l.id, l.slug, l.name, l.time_zone, l.locale,
       n.kind, n.facts, u.id, u.email, u.name, u.language, u.password, u.is_active,
       member.state, role.kind,
       (SELECT person.role FROM community_companymember person
        WHERE person.member_id = member.id
        AND person.company_id = (n.facts ->> 'company_id')::bigint),
       p.wanted, s.id, s.endpoint, s.p256dh, s.auth, session.session_data, session.expire_date
FROM claimed
JOIN notifications_notification n ON n.id = claimed.notification_id
JOIN community_location l ON l.id = n.location_id
JOIN community_user u ON u.id = n.user_id
LEFT JOIN community_member member ON member.location_id = l.id AND member.user_id = u.id
LEFT JOIN community_role role ON role.location_id = l.id AND role.user_id = u.id
LEFT JOIN notifications_preference p
    ON p.user_id = u.id AND p.kind = n.kind AND p.channel = claimed.channel
LEFT JOIN notifications_pushsubscription s
    ON s.id = claimed.subscription_id AND s.ended_at IS NULL
LEFT JOIN django_session session ON session.session_key = s.session_key
"""

# Only by who has it: one that was given up meanwhile stays so.
END_DELIVERY = """
UPDATE notifications_delivery
SET state = %(state)s, ended_at = %(at)s, reason = %(reason)s, trouble = %(trouble)s
WHERE id = %(id)s AND state = 'sending' AND attempts = %(attempts)s
"""

PUT_DELIVERY_OFF = """
UPDATE notifications_delivery
SET state = 'owed', next_try_at = %(until)s, trouble = %(trouble)s
WHERE id = %(id)s AND state = 'sending' AND attempts = %(attempts)s
"""

# Whoever had them is dead: whether they went out nobody knows, and none goes out twice.
GIVE_UP_ABANDONED = """
UPDATE notifications_delivery
SET state = 'failed', ended_at = %(at)s, reason = 'unknown',
    trouble = 'worker ended while it was being sent'
WHERE state = 'sending' AND tried_at < %(before)s
RETURNING id
"""

# Steps from one endpoint that is owed anything to the next: neither what rests with ten thousands
# to come nor what is owed nothing is walked.
LOCK_DUE_ENDPOINT = """
WITH RECURSIVE owing AS (
    (SELECT endpoint_id FROM notifications_webhookdelivery
     WHERE state = 'owed' ORDER BY endpoint_id, next_try_at LIMIT 1)
    UNION ALL
    SELECT (SELECT next.endpoint_id FROM notifications_webhookdelivery next
            WHERE next.state = 'owed' AND next.endpoint_id > owing.endpoint_id
            ORDER BY next.endpoint_id, next.next_try_at LIMIT 1)
    FROM owing WHERE owing.endpoint_id IS NOT NULL
)
SELECT e.id FROM notifications_webhookendpoint e
WHERE e.id IN (SELECT endpoint_id FROM owing)
    AND e.disabled_at IS NULL AND e.next_call_at <= %(at)s
    AND EXISTS (
        SELECT 1 FROM notifications_webhookdelivery due
        WHERE due.endpoint_id = e.id AND due.state = 'owed' AND due.next_try_at <= %(at)s
    )
ORDER BY e.next_call_at, e.id
LIMIT 1
FOR NO KEY UPDATE OF e SKIP LOCKED
"""

NOTE_BALANCE_TOLD = """
UPDATE notifications_balancewish SET told_at = %(at)s
WHERE id = %(id)s AND told_at IS NULL
RETURNING id
"""

FORGET_TOLD_BALANCES = """
UPDATE notifications_balancewish SET told_at = NULL WHERE id = ANY(%(ids)s)
"""


@dataclass(frozen=True)
class Claimed:
    """A delivery that its worker has alone, with its reader's standing read anew."""

    delivery_id: int
    channel: str
    attempts: int
    location_id: int
    slug: str
    place: str
    time_zone: str
    locale: str
    kind: str
    facts: dict[str, Any]
    user_id: int
    email: str
    name: str
    language: str
    password: str
    is_active: bool
    member_state: str | None
    role: str | None
    company_role: str | None
    said: bool | None
    subscription_id: int | None
    endpoint: str | None
    p256dh: str | None
    auth: str | None
    session_data: str | None
    session_expires: datetime | None


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
    row = fetch_row(COUNT_UNREAD, {"location": location_id, "user": user_id})
    return row[0] if row else 0


def insert_deliveries(
    *, ways: list[tuple[str, str, bool]], since: datetime, limit: int, at: datetime
) -> int:
    """Plan the deliveries of news that nobody has planned yet; gives of how many.

    :param ways: kind, channel, and whether it is used where its reader said nothing
    """
    kinds, channels, defaults = (list(column) for column in zip(*ways, strict=True))
    values = {"kinds": kinds, "channels": channels, "defaults": defaults}
    row = fetch_row(PLAN_DELIVERIES, {**values, "since": since, "limit": limit, "at": at})
    return row[0] if row else 0


def claim_delivery(*, at: datetime) -> Claimed | None:
    row = fetch_row(CLAIM_DELIVERY, {"at": at})
    if row is None:
        return None
    told = list(row)
    told[9] = json.loads(row[9])
    return Claimed(*told)


def end_delivery(
    claimed: Claimed, *, state: str, reason: str = "", trouble: str = "", at: datetime
) -> None:
    values = {"id": claimed.delivery_id, "attempts": claimed.attempts, "state": state}
    run_statement(END_DELIVERY, {**values, "reason": reason, "trouble": trouble[:200], "at": at})


def put_delivery_off(claimed: Claimed, *, trouble: str, until: datetime) -> None:
    values = {"id": claimed.delivery_id, "attempts": claimed.attempts, "until": until}
    run_statement(PUT_DELIVERY_OFF, {**values, "trouble": trouble[:200]})


def give_up_abandoned(*, before: datetime, at: datetime) -> int:
    return len(fetch_rows(GIVE_UP_ABANDONED, {"before": before, "at": at}))


def lock_due_endpoint(*, at: datetime) -> int | None:
    """The one of those that may be called which was not called for longest."""
    row = fetch_row(LOCK_DUE_ENDPOINT, {"at": at})
    return row[0] if row else None


def note_balance_told(*, wish_id: int, at: datetime) -> bool:
    """Whether it is ours to tell: nobody else did."""
    return fetch_row(NOTE_BALANCE_TOLD, {"id": wish_id, "at": at}) is not None


def forget_told_balances(ids: list[int]) -> None:
    run_statement(FORGET_TOLD_BALANCES, {"ids": ids})
