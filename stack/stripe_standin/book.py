"""The stand-in's own book: every movement of money, written once and never edited.

It is kept apart from the objects on purpose, so that a test can compare what Deskmint believes
with what was really moved.
"""

import json
from enum import Enum

from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.shapes import Json, new_id
from stack.stripe_standin.store import Store

FEE_PERCENT_HUNDREDTHS = 150
FEE_FIXED = 25
DISPUTE_FEE = 1500
DAYS_UNTIL_AVAILABLE = 2
DAY_SECONDS = 86_400


class Movement(Enum):
    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"
    DISPUTE_REINSTATED = "dispute_reinstated"


TRANSACTION_TYPES = {
    Movement.CHARGE: ("charge", "charge"),
    Movement.REFUND: ("refund", "refund"),
    Movement.DISPUTE_WITHDRAWN: ("adjustment", "dispute"),
    Movement.DISPUTE_REINSTATED: ("adjustment", "dispute_reversal"),
}


def record(call: Call, movement: Movement, *, amount: int, charge: Json, source: str) -> Json:
    """Book `amount` (negative when it leaves the account) and give its balance transaction."""
    call.store.db.execute(
        "INSERT INTO book (account, at, kind, amount, currency, charge, payment_intent, customer,"
        " source, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.account.name,
            call.at,
            movement.value,
            amount,
            charge["currency"],
            charge["id"],
            charge["payment_intent"],
            charge["customer"],
            source,
            json.dumps(charge["metadata"]),
        ),
    )
    return call.add(_balance_transaction(call, movement, amount, charge["currency"], source))


def _balance_transaction(
    call: Call, movement: Movement, amount: int, currency: str, source: str
) -> Json:
    kind, category = TRANSACTION_TYPES[movement]
    fee = _fee(movement, amount)
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": call.at + DAYS_UNTIL_AVAILABLE * DAY_SECONDS,
        "balance_type": "payments",
        "created": call.at,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": kind,
    }


def _fee(movement: Movement, amount: int) -> int:
    if movement is Movement.CHARGE:
        return amount * FEE_PERCENT_HUNDREDTHS // 10_000 + FEE_FIXED
    return DISPUTE_FEE if movement is Movement.DISPUTE_WITHDRAWN else 0


def read_book(store: Store, account: str) -> Json:
    rows = store.db.execute("SELECT * FROM book WHERE account = ? ORDER BY seq", (account,))
    movements = [{**dict(row), "metadata": json.loads(row["metadata"])} for row in rows]
    totals: dict[str, int] = {}
    for movement in movements:
        totals[movement["currency"]] = totals.get(movement["currency"], 0) + movement["amount"]
    return {"object": "book", "account": account, "data": movements, "totals": totals}


def retrieve_balance(call: Call) -> Json:
    """What is on the account, all of it pending: this stand-in pays nothing out."""
    rows = call.store.db.execute(
        "SELECT currency, SUM(json_extract(body, '$.net')) AS net FROM ("
        " SELECT body, json_extract(body, '$.currency') AS currency FROM objects"
        " WHERE account = ? AND kind = 'balance_transaction') GROUP BY currency",
        (call.account.name,),
    )
    pending = [
        {"amount": row["net"], "currency": row["currency"], "source_types": {"card": row["net"]}}
        for row in rows
    ]
    available = [{**entry, "amount": 0, "source_types": {"card": 0}} for entry in pending]
    return {"object": "balance", "available": available, "livemode": False, "pending": pending}


def retrieve_balance_transaction(call: Call) -> Json:
    return call.get("balance_transaction", call.id)


def list_balance_transactions(call: Call) -> Json:
    return list_objects(call, "balance_transaction", equal=("type", "source"))


ROUTES = [
    route("GET", "/v1/balance", retrieve_balance),
    route(
        "GET",
        "/v1/balance_transactions",
        list_balance_transactions,
        "type source created limit starting_after ending_before",
    ),
    route("GET", "/v1/balance_transactions/{id}", retrieve_balance_transaction),
]
