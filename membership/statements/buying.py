"""The SQL of buying: who buys under which terms, in one read, and the purchase's own write."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from community.database import Row, fetch_row, fetch_rows, loaded, run_statement
from credits.models import CreditOption

PERSONAL = """
FROM community_member m
JOIN community_user u ON u.id = m.user_id
JOIN community_location l ON l.id = m.location_id
JOIN community_customer c ON c.member_id = m.id
LEFT JOIN billing_billingdetails d ON d.customer_id = c.id
"""
COMPANY = """
FROM community_member m
JOIN community_user u ON u.id = m.user_id
JOIN community_location l ON l.id = m.location_id
JOIN community_companymember cm ON cm.member_id = m.id AND cm.company_id = %(company)s
JOIN community_company co ON co.id = cm.company_id
JOIN community_customer c ON c.company_id = co.id
LEFT JOIN billing_billingdetails d ON d.customer_id = c.id
"""
TODAY = "(%(at)s::timestamptz AT TIME ZONE l.time_zone)::date"
PLAN = """
{join} membership_planassignment a ON a.customer_id = c.id AND a.starts_on <= {today}
    AND (a.ends_on IS NULL OR a.ends_on > {today})
LEFT JOIN membership_plan plan ON plan.id = a.plan_id
"""
BILL = "{join} billing_bill b ON b.customer_id = c.id AND b.state = 'active'\n"
PERSONAL_COLUMNS = "NULL::bigint, '', '', 'manager', true, true"
COMPANY_COLUMNS = "co.id, co.name, co.state, cm.role, cm.may_use_card, cm.may_use_bill"
EXEMPTION = """
coalesce(CASE d.exemption WHEN 'other' THEN d.exemption_reason ELSE d.exemption END, '')
""".strip()
COLUMNS = """
SELECT m.id, m.state, u.id, u.name, c.id, {who},
       l.id, l.name, l.currency, l.time_zone, l.locale, l.tax_name, l.tax_percent, l.tax_included,
       {exemption}, l.bill_credits, l.bill_limit_credits, l.refuse_bills_while_overdue, {today},
       a.id, a.starts_on, a.bill_enabled, a.bill_for, plan.name, plan.discount_percent,
       plan.free_claims, b.id, b.period_start, b.period_end,
       (SELECT min(o.due_on) FROM billing_bill o
        WHERE o.customer_id = c.id AND o.state = 'issued' AND o.due_on < {today})
"""
OPTION = "LEFT JOIN credits_creditoption o ON o.id = %(option)s AND o.location_id = l.id\n"
OPTION_FIELDS = ("id", "location_id", "credits", "price_minor", "expiry_months", "archived_at")
OPTION_COLUMNS = ", ".join(f"o.{field}" for field in OPTION_FIELDS)
NUMBER = "nextval('membership_purchase_id_seq')"
WHERE = " WHERE m.id = %(member)s AND m.location_id = %(location)s"


class Hold(Enum):
    """What a look at the buyer's terms locks: nothing, or what the way of paying rests on."""

    NOTHING = "nothing"
    PERMISSION = "permission"  # may they, and nothing moves until it is written
    CLAIM = "claim"  # and the plan, that no two claims count themselves alike
    BILL = "bill"  # and the plan and the bill, that it takes the item


AT_ONCE = {Hold.CLAIM, Hold.BILL}  # what is bought is read, too, and gets its number

# Whoever changes a permission waits for the purchases that rest on it, and the other way round.
SHARED = {False: "m", True: "m, co, cm"}
LOCKS = {
    Hold.NOTHING: "",
    Hold.PERMISSION: " FOR SHARE OF {shared}",
    Hold.CLAIM: " FOR SHARE OF {shared} FOR NO KEY UPDATE OF a",
    Hold.BILL: " FOR SHARE OF {shared}, a FOR NO KEY UPDATE OF b",
}


def _select(hold: Hold, *, company: bool) -> str:
    at_once = hold in AT_ONCE
    plan = "JOIN" if at_once else "LEFT JOIN"
    bill = "JOIN" if hold is Hold.BILL else "LEFT JOIN"
    return (
        COLUMNS.format(
            who=COMPANY_COLUMNS if company else PERSONAL_COLUMNS,
            exemption=EXEMPTION,
            today=TODAY,
        )
        + (f", {NUMBER}, {OPTION_COLUMNS}" if at_once else "")
        + (COMPANY if company else PERSONAL)
        + PLAN.format(join=plan, today=TODAY)
        + BILL.format(join=bill)
        + (OPTION if at_once else "")
        + WHERE
        + LOCKS[hold].format(shared=SHARED[company])
    )


SELECT_BUYER = {
    (hold, company): _select(hold, company=company) for hold in Hold for company in (False, True)
}

COUNT_CLAIMS = """
SELECT count(*) FROM membership_purchase
WHERE customer_id = %s AND period_start = %s AND method = 'free'
"""

SUM_CREDITS_ON_BILL = """
SELECT coalesce(sum(p.credits), 0) FROM membership_purchase p
JOIN billing_billitem item ON item.id = p.bill_item_id
WHERE item.bill_id = %s
  AND NOT EXISTS (SELECT 1 FROM billing_billitem removal WHERE removal.removes_id = item.id)
"""

SELECT_RECIPIENTS = """
SELECT m.user_id FROM community_companymember cm
JOIN community_member m ON m.id = cm.member_id
WHERE cm.company_id = %s AND m.state = 'active'
"""

INSERT_PURCHASE = """
INSERT INTO membership_purchase
    (id, location_id, key, customer_id, bought_by_id, api_key_id, option_id, credits,
     expiry_months, currency, list_price_minor, discount_percent, assignment_id, net_minor,
     tax_minor, total_minor, tax_name, tax_percent, tax_included, exemption, method, state,
     bill_item_id, accrual_id, period_start, claim_number, created_at, completed_at)
VALUES
    (%(id)s, %(location_id)s, %(key)s, %(customer_id)s, %(bought_by_id)s, %(api_key_id)s,
     %(option_id)s, %(credits)s, %(expiry_months)s, %(currency)s, %(list_price_minor)s,
     %(discount_percent)s, %(assignment_id)s, %(net_minor)s, %(tax_minor)s, %(total_minor)s,
     %(tax_name)s, %(tax_percent)s, %(tax_included)s, %(exemption)s, %(method)s, %(state)s,
     %(bill_item_id)s, %(accrual_id)s, %(period_start)s, %(claim_number)s, %(created_at)s,
     %(completed_at)s)
"""


@dataclass(frozen=True)
class BuyerFacts:
    """Who wants to buy for whom, and all that the rules ask of them."""

    member_id: int
    member_state: str
    user_id: int
    user_name: str
    customer_id: int
    company_id: int | None
    company_name: str
    company_state: str
    company_role: str  # of oneself one is the manager
    may_use_card: bool
    may_use_bill: bool
    location_id: int
    location_name: str
    currency: str
    time_zone: str
    locale: str
    tax_name: str
    tax_percent: Decimal
    tax_included: bool
    exemption: str  # why the customer pays no tax
    bill_credits: str
    bill_limit_credits: Decimal | None
    refuse_bills_while_overdue: bool
    today: date
    assignment_id: int | None
    starts_on: date | None
    bill_enabled: bool | None
    bill_for: str | None
    plan_name: str | None
    discount_percent: Decimal | None
    free_claims: int | None
    bill_id: int | None
    bill_start: date | None
    bill_end: date | None
    overdue_since: date | None
    next_purchase_id: int | None = None  # these two only of what is bought at once
    option: CreditOption | None = None

    @property
    def is_manager(self) -> bool:
        return self.company_role == "manager"


@dataclass(frozen=True)
class NewPurchase:
    """The row of a purchase that needs no gateway, complete."""

    id: int
    location_id: int
    key: UUID
    customer_id: int
    bought_by_id: int
    api_key_id: int | None
    option_id: int
    credits: Decimal
    expiry_months: int | None
    currency: str
    list_price_minor: int
    discount_percent: Decimal
    assignment_id: int | None
    net_minor: int
    tax_minor: int
    total_minor: int
    tax_name: str
    tax_percent: Decimal
    tax_included: bool
    exemption: str
    method: str
    state: str
    bill_item_id: int | None
    accrual_id: int | None
    period_start: date | None
    claim_number: int | None
    created_at: datetime
    completed_at: datetime | None


def select_buyer(
    *,
    member_id: int,
    location_id: int,
    company_id: int | None,
    hold: Hold,
    at: datetime,
    option_id: int | None = None,
) -> BuyerFacts | None:
    """None if there is no such buyer, or not all that `hold` is to lock.

    :param option_id: what is to be bought; under Hold.CLAIM and Hold.BILL it is read with them
    """
    values = {
        "member": member_id,
        "location": location_id,
        "company": company_id,
        "at": at,
        "option": option_id,
    }
    row = fetch_row(SELECT_BUYER[hold, company_id is not None], values)
    if row and hold in AT_ONCE:
        row = (*row[: -len(OPTION_FIELDS)], _option(row[-len(OPTION_FIELDS) :]))
    return BuyerFacts(*row) if row else None


def _option(columns: Row) -> CreditOption | None:
    if columns[0] is None:
        return None
    return loaded(CreditOption, dict(zip(OPTION_FIELDS, columns, strict=True)))


def count_claims(*, customer_id: int, period_start: date) -> int:
    """Free claims of a customer in a period. Under Hold.CLAIM it sees all that went before."""
    count: int = _value(COUNT_CLAIMS, [customer_id, period_start])
    return count


def sum_credits_on_bill(bill_id: int) -> Decimal:
    """Credits bought on a bill. Under Hold.BILL it sees all that went before."""
    credits: Decimal = _value(SUM_CREDITS_ON_BILL, [bill_id])
    return credits


def select_recipients(company_id: int) -> list[int]:
    """Users who are told when a company gets credits: its active members."""
    return [user_id for (user_id,) in fetch_rows(SELECT_RECIPIENTS, [company_id])]


def insert_purchase(purchase: NewPurchase) -> None:
    """A key used before breaks the unique key and undoes the caller's transaction."""
    run_statement(INSERT_PURCHASE, vars(purchase))


def _value(sql: str, parameters: list[Any]) -> Any:
    row = fetch_row(sql, parameters)
    assert row
    return row[0]
