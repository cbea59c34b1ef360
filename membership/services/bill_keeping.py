"""What an admin does to a bill by hand: open it, put something on it or take it off, issue it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill, BillItem
from billing.services import (
    BillNotActive,
    NewItem,
    add_bill_item,
    details_of,
    issue_bill,
    lock_bill,
    open_bill,
    take_item_off,
)
from community.models import ApiKey, Customer, User
from community.money import price_for
from community.services import record_audit
from membership.models import PlanAssignment
from membership.services.closing import close_period
from membership.services.periods import local_day
from membership.services.taking_back import lock_purchases_of, take_back


class HasABill(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("There is an open bill already. Put it on that one."), code="has_a_bill")


class HasAPlan(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("There is a plan: it opens the bills of its periods itself."), code="has_a_plan"
        )


class NothingToIssue(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Nothing is on this bill, so there is nothing to issue."), code="nothing_to_issue"
        )


class IssuedAlready(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This bill is issued already."), code="issued_already")


class FeeStays(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("A plan's fee stays on its bill. End the plan, or credit the issued bill."),
            code="fee_stays",
        )


@transaction.atomic
def open_bill_by_hand(*, customer: Customer, key: str, by: User, at: datetime) -> Bill:
    """Open a bill without a period for a customer without a plan, once per key.

    :raises HasAPlan: if a plan opens their bills
    :raises HasABill: if one is open
    """
    # The row that holds a customer's plans still: none begins between this look and the bill.
    Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=customer.pk)
    made: Bill | None = Bill.objects.filter(key=f"hand:{key}", customer=customer).first()
    if made:
        return made
    today = local_day(customer.location, at)
    if PlanAssignment.objects.filter(customer=customer).on(today).exists():
        raise HasAPlan
    try:
        with transaction.atomic():
            bill = open_bill(customer=customer, key=f"hand:{key}", at=at)
    except IntegrityError as second:
        raise HasABill from second
    _audit("bill opened", bill, by=by, at=at)
    return bill


@transaction.atomic
def add_manual_item(
    *,
    bill_id: int,
    description: str,
    price_minor: int,
    key: str,
    by: User,
    at: datetime,
    api_key: ApiKey | None = None,
) -> BillItem:
    """Put something on an active bill, taxed as the customer's purchases are, once per key.

    :raises BillNotActive: if the bill is issued by now
    """
    bill = lock_bill(bill_id)
    if made := BillItem.objects.filter(key=f"manual:{key}", bill=bill).first():
        return made
    exemption = details_of(bill.customer).no_tax_because
    price = price_for(price_minor, bill.location.tax, exemption=exemption)
    item = NewItem(
        source=Source.OTHER,
        description=description,
        amount=price.amount,
        tax=price.tax,
        key=f"manual:{key}",
        added_by_id=by.pk,
    )
    item_id = add_bill_item(location_id=bill.location_id, bill_id=bill_id, item=item, at=at)
    _audit(
        "bill item added",
        bill,
        by=by,
        api_key=api_key,
        at=at,
        item=item_id,
        description=description,
        total_minor=item.amount.total_minor,
    )
    added: BillItem = BillItem.objects.get(pk=item_id)
    _earn(bill, added, net_minor=added.net_minor, key=added.key, at=at)
    return added


@transaction.atomic
def remove_item(
    *, bill_id: int, item_id: int, reason: str, waive_spent: bool, by: User, at: datetime
) -> None:
    """Take an item off an active bill, once. Credits that were bought go back, if unspent.

    :raises BillNotActive: if the bill is issued by now
    :raises FeeStays: if it is a plan's fee
    :raises CreditsAreSpent: if some of its credits are used and that isn't waived
    """
    purchase = lock_purchases_of([item_id]).get(item_id)
    bill = lock_bill(bill_id)
    item = bill.items.filter(removes=None).get(pk=item_id)
    if not BillItem.objects.standing().filter(pk=item_id).exists():
        return
    if bill.state != Bill.State.ACTIVE:
        raise BillNotActive
    if item.source == Source.PLANS:
        raise FeeStays
    if purchase:
        take_back(
            purchase,
            part=purchase.total_minor,
            waive_spent=waive_spent,
            reason=reason,
            key=f"removes:{item.pk}",
            by=by,
            at=at,
        )
    take_item_off(item=item, by=by, at=at)
    _audit(
        "bill item removed",
        bill,
        reason=reason,
        by=by,
        at=at,
        item=item.pk,
        description=item.description,
        total_minor=item.total_minor,
    )
    _earn(bill, item, net_minor=-item.net_minor, key=f"removes:{item.pk}", at=at)


@transaction.atomic
def issue_bill_by_hand(*, bill_id: int, by: User, at: datetime) -> Bill:
    """Issue an active bill before its time. What is left of its period goes on a new one.

    :raises IssuedAlready: if it isn't active
    :raises NothingToIssue: if nothing is on it
    """
    due = _close_if_over(bill_id, at=at)
    bill = lock_bill(bill_id)
    if bill.state != Bill.State.ACTIVE:
        if due:
            return bill
        raise IssuedAlready
    if not BillItem.objects.standing().filter(bill=bill).exists():
        raise NothingToIssue
    issued = issue_bill(bill_id=bill_id, at=at)
    if issued.period_start and issued.period_end:
        open_bill(
            customer=issued.customer,
            key=f"rest:{issued.pk}",
            at=at,
            period=(issued.period_start, issued.period_end),
        )
    _audit("bill issued", issued, by=by, at=at, number=issued.number)
    return issued


def _close_if_over(bill_id: int, *, at: datetime) -> bool:
    """Let the period close as it would by itself, if its time is over."""
    bill = Bill.objects.select_related("location").get(pk=bill_id)
    is_over = (
        bill.state == Bill.State.ACTIVE
        and bill.period_end is not None
        and bill.period_end <= local_day(bill.location, at)
    )
    if is_over:
        close_period(bill_id=bill_id, at=at)
    return is_over


def _earn(bill: Bill, item: BillItem, *, net_minor: int, key: str, at: datetime) -> None:
    record_revenue(
        location=bill.location,
        source=Source(item.source),
        method="bill",
        label=item.description[:100],
        net_minor=net_minor,
        key=key,
        at=at,
    )


def _audit(
    action: str,
    bill: Bill,
    *,
    by: User,
    at: datetime,
    reason: str = "",
    api_key: ApiKey | None = None,
    **facts: Any,
) -> None:
    record_audit(
        location=bill.location,
        by=by,
        api_key=api_key,
        action=action,
        subject=f"bill {bill.pk}",
        reason=reason,
        after={"customer": bill.customer_id, **facts},
        at=at,
    )
