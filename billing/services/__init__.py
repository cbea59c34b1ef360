from billing.services.bills import (
    BillNotActive,
    NewItem,
    add_bill_item,
    issue_bill,
    lock_active_bill,
    open_bill,
)
from billing.services.numbering import (
    MAX_DOCUMENT_NUMBER,
    NumberTaken,
    change_billing_details,
    next_receipt_number,
)
from billing.services.parties import Buyer, buyer_of
from billing.services.receipts import issue_receipt

__all__ = [
    "MAX_DOCUMENT_NUMBER",
    "BillNotActive",
    "Buyer",
    "NewItem",
    "NumberTaken",
    "add_bill_item",
    "buyer_of",
    "change_billing_details",
    "issue_bill",
    "issue_receipt",
    "lock_active_bill",
    "next_receipt_number",
    "open_bill",
]
