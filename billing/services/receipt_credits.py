"""Credit notes of receipts: what of a paid sale was given back, or has returned."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from billing.models import CreditNote, CreditNoteLine, Receipt, ReceiptLine
from billing.services.mails import owe_mail
from billing.services.parties import document_prefix, seller_of
from billing.statements import take_number
from community.models import User
from community.money import TaxedAmount, share_of


def credit_receipt(
    *,
    receipt: Receipt,
    credited_minor: int,
    reason: str,
    key: str,
    by: User | None,
    at: datetime,
    cancels: CreditNote | None = None,
) -> CreditNote:
    """Write the note after which this much of a receipt is credited, all its notes together.

    Tax counts cumulatively, so that all of a receipt has exactly its tax. Call it in the
    transaction that moves the money, under a lock that all notes of the receipt wait for.

    :param cancels: the note whose money has returned; less is credited than before then
    """
    assert transaction.get_connection().in_atomic_block
    [sold] = receipt.lines.all()
    amount = _change(sold, credited_minor)
    note = _write(receipt, amount, reason=reason, key=key, by=by, at=at, cancels=cancels)
    CreditNoteLine.objects.create(
        credit_note=note,
        receipt_line=sold,
        description=sold.description,
        net_minor=amount.net_minor,
        tax_minor=amount.tax_minor,
        total_minor=amount.total_minor,
        left_minor=sold.total_minor - credited_minor,
        tax_name=sold.tax_name,
        tax_percent=sold.tax_percent,
        exemption=sold.exemption,
    )
    owe_mail(note, at=at)
    return note


def _change(sold: ReceiptLine, credited_minor: int) -> TaxedAmount:
    """What is to be credited beyond the notes that there are; negative for less."""
    before = sold.credits.aggregate(total=Sum("total_minor"), tax=Sum("tax_minor"))
    tax = share_of(sold.tax_minor, part=credited_minor, whole=sold.total_minor)
    tax_change = tax - (before["tax"] or 0)
    change = credited_minor - (before["total"] or 0)
    return TaxedAmount(net_minor=change - tax_change, tax_minor=tax_change)


def _write(
    receipt: Receipt,
    amount: TaxedAmount,
    *,
    reason: str,
    key: str,
    by: User | None,
    at: datetime,
    cancels: CreditNote | None,
) -> CreditNote:
    location = receipt.location
    numbered = take_number(
        location_id=location.pk, kind="credit_note", prefix=document_prefix(location, "C", at)
    )
    note: CreditNote = CreditNote.objects.create(
        location=location,
        customer_id=receipt.customer_id,
        receipt=receipt,
        cancels=cancels,
        key=key,
        sequence=numbered.sequence,
        number=numbered.number,
        issued_at=at,
        reason=reason,
        currency=receipt.currency,
        net_minor=amount.net_minor,
        tax_minor=amount.tax_minor,
        total_minor=amount.total_minor,
        seller=seller_of(location, is_test="test_mode" in receipt.seller),
        buyer=receipt.buyer,  # whom it corrects the receipt for
        made_by=by,
    )
    return note
