from billing.models.bills import Bill, BillItem
from billing.models.credit_notes import CreditNote, CreditNoteLine
from billing.models.details import BillingDetails
from billing.models.mails import Document, DocumentMail
from billing.models.payments import BillPayment
from billing.models.receipts import DocumentCounter, Receipt, ReceiptLine

__all__ = [
    "Bill",
    "BillItem",
    "BillPayment",
    "BillingDetails",
    "CreditNote",
    "CreditNoteLine",
    "Document",
    "DocumentCounter",
    "DocumentMail",
    "Receipt",
    "ReceiptLine",
]
