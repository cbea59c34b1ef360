"""The SQL of this app's hot path: facts in one locked read, and the purchase's own write."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from community.database import fetch_row, run_statement

# Locks the transaction, then its purchase: the order of every path that settles.
SELECT_SETTLEMENT = """
SELECT t.id, t.state, t.reference, t.amount_minor, t.currency, t.customer_id, t.made_by_id,
       t.paid_with, t.card_id, t.keep_card AND co.state IS DISTINCT FROM 'closed',
       card.state = 'entered', g.gateway, g.livemode,
       p.id, p.key, p.state, p.credits, p.expiry_months, p.net_minor, p.tax_minor, p.tax_name,
       p.tax_percent, p.tax_included, p.exemption,
       c.company_id, coalesce(co.name, ''),
       coalesce(nullif(d.name, ''), u.name, co.name), coalesce(u.email, ''),
       coalesce(d.address, ''), coalesce(d.vat_number, ''), coalesce(d.reference, ''),
       l.id, l.name, l.currency, l.time_zone, l.locale, l.legal_name, l.address, l.vat_number,
       l.registration_number, l.document_footer, l.document_prefix
FROM payments_transaction t
JOIN payments_gatewayconnection g ON g.id = t.connection_id
JOIN membership_purchase p ON p.charge_id = t.id
JOIN community_customer c ON c.id = p.customer_id
LEFT JOIN community_member m ON m.id = c.member_id
LEFT JOIN community_user u ON u.id = m.user_id
LEFT JOIN community_company co ON co.id = c.company_id
LEFT JOIN billing_billingdetails d ON d.customer_id = c.id
JOIN community_location l ON l.id = p.location_id
LEFT JOIN payments_card card ON card.id = t.card_id
WHERE t.id = %s AND t.location_id = %s
FOR NO KEY UPDATE OF t, p
"""

UPDATE_COMPLETED = """
UPDATE membership_purchase
SET state = 'completed', accrual_id = %s, receipt_id = %s, completed_at = %s
WHERE id = %s
"""

UPDATE_STATE = "UPDATE membership_purchase SET state = %s WHERE id = %s"

# Kept until the transaction ends, however it ends. The first number is ours: imports.
TRY_LOCK_IMPORTS = "SELECT pg_try_advisory_xact_lock(0x1340, %s)"


@dataclass(frozen=True)
class SettlementFacts:
    """All that settling the charge of a purchase needs to know, read under its locks."""

    transaction_id: int
    transaction_state: str
    reference: str
    amount_minor: int
    currency: str
    customer_id: int
    made_by_id: int
    paid_with: str
    card_id: int | None
    keep_card: bool
    card_is_new: bool | None
    gateway: str
    livemode: bool
    purchase_id: int
    purchase_key: UUID
    purchase_state: str
    credits: Decimal
    expiry_months: int | None
    net_minor: int
    tax_minor: int
    tax_name: str
    tax_percent: Decimal
    tax_included: bool
    exemption: str
    company_id: int | None
    company_name: str
    buyer_name: str
    buyer_email: str
    buyer_address: str
    buyer_vat_number: str
    buyer_reference: str
    location_id: int
    location_name: str
    location_currency: str
    time_zone: str
    locale: str
    legal_name: str
    address: str
    vat_number: str
    registration_number: str
    document_footer: str
    document_prefix: str

    is_automatic = False  # a purchase is somebody's click

    @property
    def is_settled(self) -> bool:
        """Nothing that a gateway still says changes what was bought."""
        return self.purchase_state == "completed"


def select_settlement(transaction_id: int, location_id: int) -> SettlementFacts | None:
    row = fetch_row(SELECT_SETTLEMENT, [transaction_id, location_id])
    return SettlementFacts(*row) if row else None


def update_completed(*, purchase_id: int, accrual_id: int, receipt_id: int, at: datetime) -> None:
    run_statement(UPDATE_COMPLETED, [accrual_id, receipt_id, at, purchase_id])


def update_state(*, purchase_id: int, state: str) -> None:
    run_statement(UPDATE_STATE, [state, purchase_id])


def try_lock_imports(location_id: int) -> bool:
    """Be the only one that imports at this location, or learn that somebody else is."""
    return fetch_row(TRY_LOCK_IMPORTS, [location_id]) == (True,)
