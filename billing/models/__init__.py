from billing.models.bills import Bill, BillItem
from billing.models.receipts import DocumentCounter, Receipt, ReceiptLine

__all__ = ["Bill", "BillItem", "DocumentCounter", "Receipt", "ReceiptLine"]
