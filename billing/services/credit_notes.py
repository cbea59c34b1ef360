"""Credit notes: what of an issued bill is owed no longer, in a series of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from billing.models import Bill, BillItem, CreditNote, CreditNoteLine
from billing.services.mails import owe_mail
from billing.services.parties import document_prefix, seller_of
from billing.statements import take_number
from community.models import User
from community.money import TaxedAmount, format_money, share_of


class BillNotToCredit(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Only an issued or paid bill is credited. Nothing was credited."),
            code="bill_not_to_credit",
        )


class NothingToCredit(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Choose at least one item to credit."), code="nothing_to_credit")


class MoreThanIsLeft(ValidationError):
    """An item is credited up to its total, all credit notes together."""

    def __init__(self, item: BillItem, *, left_minor: int, currency: str) -> None:
        super().__init__(
            _("Of “%(item)s” at most %(left)s can be credited. Nothing was credited."),
            code="more_than_is_left",
            params={"item": item.description, "left": format_money(left_minor, currency)},
        )


@dataclass(frozen=True)
class CreditLine:
    """What is taken off one item, and what is left of it then; minor units."""

    item: BillItem
    amount: TaxedAmount
    left_minor: int

    @property
    def credited_minor(self) -> int:
        """Of the item, by all credit notes up to this one."""
        return self.item.total_minor - self.left_minor


def left_of_items(bill: Bill) -> dict[BillItem, int]:
    """What can be credited of each item of a bill, in its order; minor units."""
    items = (
        BillItem.objects.standing()
        .filter(bill=bill)
        .order_by("pk")
        .annotate(credited=Sum("credits__total_minor"))
    )
    return {item: item.total_minor - (item.credited or 0) for item in items}


def credit_lines(bill: Bill, wanted: Mapping[int, int]) -> list[CreditLine]:
    """Split what is wanted of each item into net and tax. The caller holds the bill's lock.

    Tax counts cumulatively, so that several credit notes together take off exactly the item's.

    :param wanted: totals to credit in minor units, by the id of the item
    :raises BillNotToCredit, NothingToCredit, MoreThanIsLeft:
    """
    if bill.state not in {Bill.State.ISSUED, Bill.State.PAID}:
        raise BillNotToCredit
    lines = []
    for item, left in left_of_items(bill).items():
        total = wanted.get(item.pk, 0)
        if not 0 <= total <= left:
            raise MoreThanIsLeft(item, left_minor=left, currency=bill.currency)
        if total:
            lines.append(_line(item, total, before=item.total_minor - left))
    if not lines:
        raise NothingToCredit
    return lines


def _line(item: BillItem, total: int, *, before: int) -> CreditLine:
    after = before + total
    tax = share_of(item.tax_minor, part=after, whole=item.total_minor) - share_of(
        item.tax_minor, part=before, whole=item.total_minor
    )
    amount = TaxedAmount(net_minor=total - tax, tax_minor=tax)
    return CreditLine(item, amount, left_minor=item.total_minor - after)


def issue_credit_note(
    *, bill: Bill, lines: list[CreditLine], reason: str, key: str, by: User, at: datetime
) -> CreditNote:
    """Write a credit note under the next number; nothing left to pay makes it void or paid.

    Call it in the transaction that computed the lines, under the bill's lock.
    """
    assert transaction.get_connection().in_atomic_block
    location = bill.location
    numbered = take_number(
        location_id=location.pk, kind="credit_note", prefix=document_prefix(location, "C", at)
    )
    net = sum(line.amount.net_minor for line in lines)
    tax = sum(line.amount.tax_minor for line in lines)
    note: CreditNote = CreditNote.objects.create(
        location=location,
        customer=bill.customer,
        bill=bill,
        key=key,
        sequence=numbered.sequence,
        number=numbered.number,
        issued_at=at,
        reason=reason,
        currency=bill.currency,
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        seller=seller_of(location, is_test="test_mode" in bill.seller),
        buyer=bill.buyer,  # whom it corrects the bill for, by the same VAT number
        made_by=by,
    )
    CreditNoteLine.objects.bulk_create(_row(note, line) for line in lines)
    bill.credited_minor += net + tax
    if bill.state == Bill.State.ISSUED and bill.to_pay_minor <= 0:
        bill.state = Bill.State.PAID if bill.paid_minor else Bill.State.VOID
    bill.save(update_fields=["credited_minor", "state"])
    owe_mail(note, at=at)
    return note


def _row(note: CreditNote, line: CreditLine) -> CreditNoteLine:
    return CreditNoteLine(
        credit_note=note,
        bill_item=line.item,
        description=line.item.description,
        net_minor=line.amount.net_minor,
        tax_minor=line.amount.tax_minor,
        total_minor=line.amount.total_minor,
        left_minor=line.left_minor,
        tax_name=line.item.tax_name,
        tax_percent=line.item.tax_percent,
        exemption=line.item.exemption,
    )
