from billing.services.bills import (
    BillNotActive,
    NewItem,
    add_bill_item,
    issue_bill,
    lock_active_bill,
    lock_bill,
    open_bill,
    take_item_off,
)
from billing.services.credit_notes import (
    CreditLine,
    credit_lines,
    issue_credit_note,
    left_of_items,
)
from billing.services.details import (
    DETAILS,
    EXEMPTION,
    VatNumberInvalid,
    change_customer_details,
    details_of,
    give_vat_numbers,
    read_vat_number,
)
from billing.services.numbering import (
    MAX_DOCUMENT_NUMBER,
    NumberTaken,
    change_billing_details,
    hold_series,
    next_numbers,
)
from billing.services.parties import Buyer, buyer_of
from billing.services.payments import (
    BillNotToPay,
    Received,
    record_bill_payment,
    refuse_unless_issued,
)
from billing.services.receipts import issue_receipt

__all__ = [
    "DETAILS",
    "EXEMPTION",
    "MAX_DOCUMENT_NUMBER",
    "BillNotActive",
    "BillNotToPay",
    "Buyer",
    "CreditLine",
    "NewItem",
    "NumberTaken",
    "Received",
    "VatNumberInvalid",
    "add_bill_item",
    "buyer_of",
    "change_billing_details",
    "change_customer_details",
    "credit_lines",
    "details_of",
    "give_vat_numbers",
    "hold_series",
    "issue_bill",
    "issue_credit_note",
    "issue_receipt",
    "left_of_items",
    "lock_active_bill",
    "lock_bill",
    "next_numbers",
    "open_bill",
    "read_vat_number",
    "record_bill_payment",
    "refuse_unless_issued",
    "take_item_off",
]
