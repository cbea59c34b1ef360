"""The three books: what buyers were told, what the gateway moved, what our database says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
import requests

from drills.journal import Journal

OF_PURCHASES = """
    SELECT p.key::text, p.state, p.method, p.total_minor, t.state AS charged,
           (SELECT count(*) FROM credits_entry e WHERE e.idempotency_key = 'purchase:' || p.id)
               AS accruals,
           p.bill_item_id IS NOT NULL AS on_bill
    FROM membership_purchase p LEFT JOIN payments_transaction t ON t.id = p.charge_id
    WHERE p.location_id = %s
"""
OF_BILLS = """
    SELECT t.key::text, t.bill_id, t.state, t.amount_minor, t.is_surplus, b.state AS bill_state,
           (SELECT count(*) FROM billing_billpayment paid WHERE paid.bill_id = b.id) AS payments
    FROM billing_bill b JOIN payments_transaction t ON t.bill_id = b.id
    WHERE b.location_id = %s
"""
OPEN_ENDS = """
    SELECT (SELECT count(*) FROM payments_transaction WHERE location_id = %(id)s
            AND state = 'pending' AND submitted_at IS NOT NULL)
         + (SELECT count(*) FROM payments_gatewayevent WHERE location_id = %(id)s
            AND processed_at IS NULL) AS open_ends
"""


@dataclass(frozen=True)
class Difference:
    """Where the books differ; all 0 if they tell one story."""

    lost: int
    doubled: int
    money_without_credits: int
    credits_without_money: int
    open_ends: int  # sent and not settled, received and not processed

    @property
    def is_none(self) -> bool:
        return self == Difference(0, 0, 0, 0, 0)

    @property
    def is_beyond_repair(self) -> bool:
        """What no waiting mends."""
        return bool(self.lost or self.doubled or self.credits_without_money)


def charged_at(standin_account: str) -> list[dict[str, Any]]:
    """Every charge that the stand-in has booked with a key of ours."""
    book = requests.get(f"{standin_account}/_book", timeout=10).json()["data"]
    return [it for it in book if it["kind"] == "charge" and "deskmint_key" in it["metadata"]]


def compare(
    journal: Journal,
    charged: list[dict[str, Any]],
    connection: psycopg.Connection[dict[str, Any]],
    *,
    location_id: int,
) -> Difference:
    purchases = connection.execute(OF_PURCHASES, [location_id]).fetchall()
    payments = connection.execute(OF_BILLS, [location_id]).fetchall()
    ends = connection.execute(OPEN_ENDS, {"id": location_id}).fetchone()
    assert ends
    money = Counter(it["metadata"]["deskmint_key"] for it in charged)
    amounts = {it["metadata"]["deskmint_key"]: it["amount"] for it in charged}
    done = {it["key"]: it for it in purchases if it["state"] == "completed"}
    paid = {it["key"]: it for it in payments if it["state"] == "succeeded"}
    got = done.keys() | {f"bill:{it['bill_id']}" for it in paid.values()}
    return Difference(
        lost=len(journal.acknowledged - got),
        doubled=_doubled(journal, money, purchases, paid),
        money_without_credits=sum(1 for key in money if key not in done and key not in paid),
        credits_without_money=_unpaid(done, paid, amounts, purchases),
        open_ends=ends["open_ends"],
    )


def _doubled(
    journal: Journal,
    money: Counter[str],
    purchases: list[dict[str, Any]],
    paid: dict[str, dict[str, Any]],
) -> int:
    """Charged twice, credited twice, paid twice, or bought without having been asked for."""
    charges = sum(number - 1 for number in money.values())
    accruals = sum(max(it["accruals"] - 1, 0) for it in purchases)
    of_bills = Counter(it["bill_id"] for it in paid.values())
    payments = sum(number - 1 for number in of_bills.values())
    uncalled = sum(
        1 for it in purchases if it["state"] == "completed" and it["key"] not in journal.asked
    )
    return int(charges + accruals + payments + uncalled)


def _unpaid(
    done: dict[str, dict[str, Any]],
    paid: dict[str, dict[str, Any]],
    amounts: dict[str, int],
    purchases: list[dict[str, Any]],
) -> int:
    """Credits or a paid bill for which nothing was paid, owed or free."""
    by_card = [it for it in done.values() if it["method"] == "gateway"]
    on_bill = [it for it in done.values() if it["method"] == "bill"]
    return (
        sum(1 for it in by_card if amounts.get(it["key"]) != it["total_minor"])
        + sum(1 for it in on_bill if not it["on_bill"])
        + sum(1 for it in paid.values() if amounts.get(it["key"]) != it["amount_minor"])
        + sum(1 for it in purchases if it["accruals"] and it["state"] != "completed")
    )
