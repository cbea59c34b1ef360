"""What the API answers whom: every route and method, by key, scope and session.

Read a row as a sentence: `ApiRow("spends", "POST", "spend", 201, send=…)` - a key with the scope
spend posts there and is answered 201; keys without it are refused (403), keys of another location
don't find what is meant (404), and whoever has no valid key or session is asked for one (401).
"""

from dataclasses import dataclass, field
from typing import Any

READ = {"member": 200, "suspended": 200, "staff": 200, "admin": 200}
ONES_OWN = {"member": 200, "suspended": 404, "staff": 200, "admin": 200}


@dataclass(frozen=True)
class ApiRow:
    """`takes` and `send` name ids of the world in braces; `sessions` says what people get."""

    name: str
    method: str
    scope: str
    status: int
    takes: dict[str, str] = field(default_factory=dict)
    send: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)

    @property
    def names_an_object(self) -> bool:
        return bool(self.takes) or any("{" in str(it) for it in self.send.values())


def listed(name: str) -> ApiRow:
    return ApiRow(name, "GET", "read", 200, sessions=READ)


def shown(name: str, what: str, take: str = "pk") -> ApiRow:
    return ApiRow(name, "GET", "read", 200, takes={take: what}, sessions=ONES_OWN)


MOVE = {"customer": "{customer_id}", "credits": "1", "reason": "Room"}
API = [
    listed("location"),
    listed("members"),
    shown("member", "member_id"),
    listed("companies"),
    shown("company", "company_id"),
    listed("customers"),
    shown("customer", "customer_id"),
    shown("wallet", "customer_id"),
    listed("options"),
    listed("entries"),
    shown("entry", "spend_id"),
    listed("lots"),
    ApiRow("spends", "POST", "spend", 201, send=MOVE),
    ApiRow("reverse_spend", "POST", "spend", 201, takes={"pk": "spend_id"}),
    listed("holds"),
    ApiRow("holds", "POST", "spend", 201, send=MOVE | {"expires_at": "2100-01-01T00:00:00Z"}),
    shown("hold", "hold_id"),
    ApiRow("capture_hold", "POST", "spend", 201, takes={"pk": "hold_id"}),
    ApiRow("release_hold", "POST", "spend", 200, takes={"pk": "hold_id"}),
]
SALE = {"option": "{option_id}", "member": "{member_id}"}
API += [
    ApiRow("quotes", "POST", "sell", 201, send=SALE, sessions={"member": 201}),
    listed("purchases"),
    # Each quote is of one moment: tests/api/test_buying_api.py has the real ones.
    ApiRow(
        "purchases",
        "POST",
        "sell",
        422,
        send={"quote": "forged", "method": "bill"},
        sessions=dict.fromkeys(("member", "suspended", "staff", "admin"), 422),
    ),
    shown("purchase", "key", "key"),
    listed("cards"),
    listed("plans"),
    listed("assignments"),
    ApiRow(
        "assignments",
        "POST",
        "manage",
        201,
        send={"customer": "{free_customer_id}", "plan": "{plan_id}", "starts_on": "2150-01-01"},
    ),
    ApiRow("end_plan", "POST", "manage", 201, takes={"pk": "customer_id"}),
    listed("bills"),
    shown("bill", "bill_id"),
    shown("bill_items", "bill_id"),
    ApiRow(
        "bill_items",
        "POST",
        "manage",
        201,
        takes={"pk": "bill_id"},
        send={"description": "Locker", "price_minor": "500"},
    ),
    shown("bill_pdf", "issued_bill_id"),
    listed("receipts"),
    shown("receipt", "receipt_id"),
    shown("receipt_pdf", "receipt_id"),
    listed("transactions"),
    shown("transaction", "key", "key"),
    ApiRow("revenue", "GET", "read", 200, sessions={"admin": 200}),
]
# Open to everybody: they tell what there is, not what is in it.
PUBLIC = {"schema", "docs"}
NOWHERE = {"not_there"}  # 404, or 401 for who is nobody
