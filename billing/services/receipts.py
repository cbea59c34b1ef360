from datetime import datetime

from django.db import transaction

from billing.services.parties import Buyer, document_prefix, seller_of
from billing.statements import IssuedReceipt, insert_receipt
from community.models import Location
from community.money import Tax, TaxedAmount


def issue_receipt(
    *,
    location: Location,
    buyer: Buyer,
    description: str,
    amount: TaxedAmount,
    tax: Tax,
    currency: str,
    paid_with: str,
    is_test: bool,
    at: datetime,
) -> IssuedReceipt:
    """Write a paid sale's receipt under the next number of the location's series.

    Call it in the settling transaction: if that is undone, so are the number and the mail.
    """
    assert transaction.get_connection().in_atomic_block
    return insert_receipt(
        location_id=location.pk,
        customer_id=buyer.customer_id,
        prefix=document_prefix(location, "R", at),
        paid_with=paid_with,
        currency=currency,
        net_minor=amount.net_minor,
        tax_minor=amount.tax_minor,
        seller=seller_of(location, is_test=is_test),
        buyer=buyer.snapshot(),
        description=description,
        tax=tax,
        at=at,
    )
