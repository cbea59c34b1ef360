"""Bills: opened for a period, collecting items, issued once with the next number."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from analytics.models import Source
from billing.models import Bill, BillItem
from billing.services.mails import owe_mail
from billing.services.news import tell_of_bill
from billing.services.parties import buyer_of, document_prefix, seller_of
from billing.statements import insert_bill_item, take_number
from community.models import Customer, Location, User
from community.money import Tax, TaxedAmount
from community.statements import is_in_test_mode
from notifications.models import Notification


class BillNotActive(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This bill doesn't take items any more. Nothing was added."), code="bill_not_active"
        )


@dataclass(frozen=True)
class NewItem:
    """What is to be put on a bill. The key makes it once; amounts are minor units."""

    source: Source
    description: str
    amount: TaxedAmount
    tax: Tax
    key: str
    added_by_id: int | None = None
    removes_id: int | None = None


@transaction.atomic
def open_bill(
    *,
    customer: Customer,
    key: str,
    at: datetime,
    period: tuple[date, date] | None = None,
) -> Bill:
    """Open the customer's active bill, once per key.

    A customer with an active bill already breaks `bill_active_once_per_customer`.

    :param period: its first day, and the first day after it
    """
    bill, _made = Bill.objects.get_or_create(
        location=customer.location,
        key=key,
        defaults={
            "customer": customer,
            "currency": customer.location.currency,
            "period_start": period[0] if period else None,
            "period_end": period[1] if period else None,
            "opened_at": at,
        },
    )
    return bill


def lock_active_bill(customer_id: int) -> Bill | None:
    """Lock the bill that collects the customer's items, at its place: before any wallet."""
    bill: Bill | None = None
    for _again in range(2):  # whoever waited for one being issued finds its successor then
        bill = bill or (
            Bill.objects.active()
            .filter(customer_id=customer_id)
            .select_for_update(no_key=True, of=("self",))
            .select_related("location")
            .first()
        )
    return bill


def lock_bill(bill_id: int) -> Bill:
    """Lock any bill, with all that its document says of seller and buyer."""
    bill: Bill = (
        Bill.objects.select_for_update(no_key=True, of=("self",))
        .select_related(
            "location",
            "customer__member__user",
            "customer__company",
            "customer__billing_details",
        )
        .get(pk=bill_id)
    )
    return bill


def add_bill_item(*, location_id: int, bill_id: int, item: NewItem, at: datetime) -> int:
    """Put an item on an active bill and raise its totals, in one statement; gives its id.

    A key used before breaks `bill_item_once_per_key` and undoes the caller's transaction.

    :raises BillNotActive: if the bill is issued by now
    """
    assert transaction.get_connection().in_atomic_block
    item_id = insert_bill_item(
        location_id=location_id,
        bill_id=bill_id,
        source=item.source,
        description=item.description[:200],
        net_minor=item.amount.net_minor,
        tax_minor=item.amount.tax_minor,
        tax=item.tax,
        key=item.key,
        added_by_id=item.added_by_id,
        removes_id=item.removes_id,
        at=at,
    )
    if item_id is None:
        raise BillNotActive
    return item_id


def take_item_off(*, item: BillItem, by: User, at: datetime) -> int:
    """Take an item's amounts off its active bill by a second item, once.

    Removed before it breaks the item's one `removes` and undoes the caller's transaction.

    :raises BillNotActive: if the bill is issued by now
    """
    return add_bill_item(
        location_id=item.location_id,
        bill_id=item.bill_id,
        item=NewItem(
            source=Source(item.source),
            description=item.description,
            amount=TaxedAmount(net_minor=-item.net_minor, tax_minor=-item.tax_minor),
            tax=item.tax,
            key=f"removes:{item.pk}",
            added_by_id=by.pk,
            removes_id=item.pk,
        ),
        at=at,
    )


@transaction.atomic
def issue_bill(*, bill_id: int, at: datetime) -> Bill:
    """Close an active bill to items and number it; issued twice it stays as it was.

    Nothing on it: it takes no number and is void. A total of 0 is paid at once. A numbered one
    is mailed: that is owed from now on.
    """
    bill = lock_bill(bill_id)
    if bill.state != Bill.State.ACTIVE:
        return bill
    if not BillItem.objects.standing().filter(bill=bill).exists():
        bill.state = Bill.State.VOID
        bill.save(update_fields=["state"])
        return bill
    _number(bill, bill.location, at=at)
    bill.state = Bill.State.ISSUED if bill.total_minor else Bill.State.PAID
    bill.save()
    owe_mail(bill, at=at)
    if bill.state == Bill.State.ISSUED:
        tell_of_bill(bill, Notification.Kind.BILL_ISSUED, at=at)
    return bill


def _number(bill: Bill, location: Location, *, at: datetime) -> None:
    """Everything that an issued bill says, as it is at this moment."""
    numbered = take_number(
        location_id=location.pk, kind="bill", prefix=document_prefix(location, "B", at)
    )
    today = at.astimezone(location.zone).date()
    bill.sequence, bill.number = numbered.sequence, numbered.number
    bill.issued_at = at
    bill.due_on = today + timedelta(days=location.payment_terms_days)
    seller = seller_of(location, is_test=is_in_test_mode(location.pk))
    bill.seller = {**seller, "bank_details": location.bank_details}
    if bill.total_minor:
        bill.seller["pay_online"] = page_of(bill)
    bill.buyer = buyer_of(bill.customer).snapshot()


def page_of(bill: Bill) -> str:
    """The absolute address of a bill, where its customer pays it."""
    path = reverse("membership:bill", args=[bill.location.slug, bill.pk])
    return f"{settings.BASE_URL}{path}"
