"""The SQL of this app's writes. The counter is taken late: only the rollup slot comes after it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from community.database import fetch_row
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


@dataclass(frozen=True)
class Numbered:
    sequence: int
    number: str


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
