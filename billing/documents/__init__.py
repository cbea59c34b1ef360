"""Bills, receipts and credit notes as PDF. Settings of today have no say in them."""

from billing.documents.facts import facts_of_bill, facts_of_credit_note, facts_of_receipt
from billing.documents.typesetting import typeset
from billing.models import Bill, CreditNote, Receipt


def bill_pdf(bill: Bill) -> bytes:
    return typeset(facts_of_bill(bill))


def receipt_pdf(receipt: Receipt) -> bytes:
    return typeset(facts_of_receipt(receipt))


def credit_note_pdf(note: CreditNote) -> bytes:
    return typeset(facts_of_credit_note(note))


__all__ = ["bill_pdf", "credit_note_pdf", "receipt_pdf"]
