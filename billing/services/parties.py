"""Who a document is from and made out to, as they were when it was written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from community.models import Customer, Location


@dataclass(frozen=True)
class Buyer:
    """Who a document is made out to, as they are now."""

    customer_id: int
    name: str
    email: str

    def snapshot(self) -> dict[str, Any]:
        return {"name": self.name, "email": self.email}


def buyer_of(customer: Customer) -> Buyer:
    return Buyer(customer.pk, customer.name, customer.email)


def seller_of(location: Location) -> dict[str, Any]:
    """Everything of a location that its documents say or are written by."""
    return {
        "name": location.legal_name or location.name,
        "address": location.address,
        "vat_number": location.vat_number,
        "registration_number": location.registration_number,
        "footer": location.document_footer,
        "locale": location.locale,
        "time_zone": location.time_zone,
    }


def document_prefix(location: Location, letter: str, at: datetime) -> str:
    """What stands before the number of a document: HL-R-2026-."""
    own = f"{location.document_prefix}-" if location.document_prefix else ""
    return f"{own}{letter}-{at.astimezone(location.zone).year}-"
