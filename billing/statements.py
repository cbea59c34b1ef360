"""The SQL of this app's writes. The counter is taken late: only the rollup slot comes after it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from community.database import fetch_row, fetch_rows
from community.money import Tax

INSERT_RECEIPT = """
WITH counter AS (
    INSERT INTO billing_documentcounter AS c (location_id, kind, last_number)
    VALUES (%(location)s, 'receipt', 1)
    ON CONFLICT (location_id, kind) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number
), receipt AS (
    INSERT INTO billing_receipt
        (location_id, customer_id, sequence, number, issued_at, paid_at, paid_with, currency,
         net_minor, tax_minor, total_minor, seller, buyer)
    SELECT %(location)s, %(customer)s, last_number,
           %(prefix)s || lpad(last_number::text, greatest(4, length(last_number::text)), '0'),
           %(at)s, %(at)s, %(paid_with)s, %(currency)s,
           %(net)s::bigint, %(tax)s::bigint, %(net)s::bigint + %(tax)s::bigint,
           %(seller)s::jsonb, %(buyer)s::jsonb
    FROM counter
    RETURNING id, number
), line AS (
    INSERT INTO billing_receiptline
        (receipt_id, description, net_minor, tax_minor, total_minor, tax_name, tax_percent,
         exemption)
    SELECT id, %(description)s, %(net)s::bigint, %(tax)s::bigint,
           %(net)s::bigint + %(tax)s::bigint, %(tax_name)s, %(tax_percent)s, %(exemption)s
    FROM receipt
), mail AS (
    INSERT INTO billing_documentmail
        (location_id, receipt_id, kind, state, created_at, next_try_at)
    SELECT %(location)s, id, 'issued', 'owed', %(at)s, %(at)s
    FROM receipt
)
SELECT id, number FROM receipt
"""

# Nothing is written if the bill is active no longer. Its row is locked until commit.
INSERT_BILL_ITEM = """
WITH bill AS (
    UPDATE billing_bill
    SET net_minor = net_minor + %(net)s, tax_minor = tax_minor + %(tax)s,
        total_minor = total_minor + %(net)s + %(tax)s
    WHERE id = %(bill)s AND state = 'active' AND location_id = %(location)s
    RETURNING id, location_id
)
INSERT INTO billing_billitem
    (location_id, bill_id, source, description, net_minor, tax_minor, total_minor, tax_name,
     tax_percent, exemption, key, added_by_id, added_at, removes_id)
SELECT location_id, id, %(source)s, %(description)s, %(net)s::bigint, %(tax)s::bigint,
       %(net)s::bigint + %(tax)s::bigint, %(tax_name)s, %(tax_percent)s, %(exemption)s, %(key)s,
       %(added_by)s::bigint, %(at)s, %(removes)s::bigint
FROM bill
RETURNING id
"""

TAKE_NUMBER = """
INSERT INTO billing_documentcounter AS c (location_id, kind, last_number)
VALUES (%(location)s, %(kind)s, 1)
ON CONFLICT (location_id, kind) DO UPDATE SET last_number = c.last_number + 1
RETURNING last_number,
          %(prefix)s || lpad(last_number::text, greatest(4, length(last_number::text)), '0')
"""

# Whoever has a mail has it alone until its next try: by then it is sent, or its worker is dead.
CLAIM_MAIL = """
UPDATE billing_documentmail SET attempts = attempts + 1, next_try_at = %(until)s
WHERE id = (
    SELECT id FROM billing_documentmail
    WHERE state = 'owed' AND next_try_at <= %(at)s
    ORDER BY next_try_at, id
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id, location_id
"""

# By the calendar of each bill's location. Of several days that have come only the last counts.
INSERT_REMINDERS = """
INSERT INTO billing_documentmail
    (location_id, bill_id, kind, days, state, created_at, next_try_at)
SELECT b.location_id, b.id, 'reminder', latest.days, 'owed', %(at)s, %(at)s
FROM billing_bill b
JOIN community_location l ON l.id = b.location_id
CROSS JOIN LATERAL (
    SELECT max(days) AS days FROM unnest(l.reminder_days) days
    WHERE b.due_on + days <= (%(at)s::timestamptz AT TIME ZONE l.time_zone)::date
) latest
WHERE b.state = 'issued' AND latest.days IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM billing_documentmail m
    WHERE m.bill_id = b.id AND m.kind = 'reminder' AND m.days >= latest.days
)
ORDER BY b.id
ON CONFLICT DO NOTHING
RETURNING id
"""

# By the calendar of each bill's location. A bill was told of if one of those who are told has it.
SELECT_BILLS_TO_TELL_OF = """
SELECT b.location_id, b.id, told.kind
FROM billing_bill b
JOIN community_location l ON l.id = b.location_id
CROSS JOIN LATERAL (
    SELECT b.due_on - (%(at)s::timestamptz AT TIME ZONE l.time_zone)::date AS days
) until
CROSS JOIN LATERAL (
    SELECT CASE WHEN until.days < 0 THEN 'bill_overdue' ELSE 'bill_due' END AS kind
) told
WHERE b.state = 'issued' AND until.days BETWEEN -7 AND %(soon)s
AND (until.days < 0 OR b.due_on - (b.issued_at AT TIME ZONE l.time_zone)::date > %(soon)s)
AND NOT EXISTS (
    SELECT 1 FROM notifications_notification n
    WHERE n.kind IN ('bill_due', 'bill_overdue') AND n.location_id = b.location_id
    AND n.key = told.kind || ':' || b.id
)
ORDER BY b.id
LIMIT 1000
"""

SELECT_PLACES_WITH_OVERDUE_BILLS = """
SELECT l.id FROM community_location l
CROSS JOIN LATERAL (SELECT %(at)s::timestamptz AT TIME ZONE l.time_zone AS time) here
WHERE extract(hour FROM here.time) >= %(hour)s AND EXISTS (
    SELECT 1 FROM billing_bill b
    WHERE b.location_id = l.id AND b.state = 'issued' AND b.due_on < here.time::date
) AND NOT EXISTS (
    SELECT 1 FROM notifications_notification n
    WHERE n.kind = 'bills_overdue' AND n.location_id = l.id
    AND n.key = 'bills overdue:' || l.id || ':' || here.time::date
)
ORDER BY l.id
"""


@dataclass(frozen=True)
class Waiting:
    """A bill to tell of, and what there is to tell."""

    location_id: int
    bill_id: int
    kind: str


@dataclass(frozen=True)
class Numbered:
    sequence: int
    number: str


@dataclass(frozen=True)
class ClaimedMail:
    mail_id: int
    location_id: int


@dataclass(frozen=True)
class IssuedReceipt:
    receipt_id: int
    number: str


def insert_receipt(
    *,
    location_id: int,
    customer_id: int,
    prefix: str,
    paid_with: str,
    currency: str,
    net_minor: int,
    tax_minor: int,
    seller: dict[str, Any],
    buyer: dict[str, Any],
    description: str,
    tax: Tax,
    at: datetime,
) -> IssuedReceipt:
    values = {
        "location": location_id,
        "customer": customer_id,
        "prefix": prefix,
        "at": at,
        "paid_with": paid_with,
        "currency": currency,
        "net": net_minor,
        "tax": tax_minor,
        "seller": json.dumps(seller),
        "buyer": json.dumps(buyer),
        "description": description,
        "tax_name": tax.name,
        "tax_percent": tax.percent,
        "exemption": tax.exemption,
    }
    row = fetch_row(INSERT_RECEIPT, values)
    assert row
    return IssuedReceipt(*row)


def insert_bill_item(
    *,
    location_id: int,
    bill_id: int,
    source: str,
    description: str,
    net_minor: int,
    tax_minor: int,
    tax: Tax,
    key: str,
    added_by_id: int | None,
    removes_id: int | None,
    at: datetime,
) -> int | None:
    """The id of the new item; None if the bill takes none any more."""
    values = {
        "location": location_id,
        "bill": bill_id,
        "source": source,
        "description": description,
        "net": net_minor,
        "tax": tax_minor,
        "tax_name": tax.name,
        "tax_percent": tax.percent,
        "exemption": tax.exemption,
        "key": key,
        "added_by": added_by_id,
        "removes": removes_id,
        "at": at,
    }
    row = fetch_row(INSERT_BILL_ITEM, values)
    return row[0] if row else None


def take_number(*, location_id: int, kind: str, prefix: str) -> Numbered:
    """The next number of a series; given back if the transaction is undone."""
    row = fetch_row(TAKE_NUMBER, {"location": location_id, "kind": kind, "prefix": prefix})
    assert row
    return Numbered(*row)


def claim_mail(*, at: datetime, until: datetime) -> ClaimedMail | None:
    row = fetch_row(CLAIM_MAIL, {"at": at, "until": until})
    return ClaimedMail(*row) if row else None


def insert_reminders(*, at: datetime) -> int:
    return len(fetch_rows(INSERT_REMINDERS, {"at": at}))


def select_bills_to_tell_of(*, soon_days: int, at: datetime) -> list[Waiting]:
    rows = fetch_rows(SELECT_BILLS_TO_TELL_OF, {"soon": soon_days, "at": at})
    return [Waiting(*row) for row in rows]


def select_places_with_overdue_bills(*, hour: int, at: datetime) -> list[int]:
    rows = fetch_rows(SELECT_PLACES_WITH_OVERDUE_BILLS, {"hour": hour, "at": at})
    return [location_id for (location_id,) in rows]
