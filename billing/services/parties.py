"""Who a document is from and made out to, as they were when it was written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.services.details import details_of
from community.models import Customer, Location


@dataclass(frozen=True)
class Buyer:
    """Who a document is made out to, as they are now."""

    customer_id: int
    name: str
    email: str
    address: str = ""
    vat_number: str = ""
    reference: str = ""  # their own order number

    def snapshot(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "email": self.email,
            "address": self.address,
            "vat_number": self.vat_number,
            "reference": self.reference,
        }


def buyer_of(customer: Customer) -> Buyer:
    """Put together by their billing details, as far as they have saved any."""
    details = details_of(customer)
    return Buyer(
        customer_id=customer.pk,
        name=details.name or customer.name,
        email=customer.email,
        address=details.address,
        vat_number=details.vat_number,
        reference=details.reference,
    )


def seller_of(location: Location, *, is_test: bool) -> dict[str, Any]:
    """Everything of a location that its documents say or are written by.

    :param is_test: whether no real money moves for it, which it then says for ever
    """
    return {
        **({"test_mode": True} if is_test else {}),
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
