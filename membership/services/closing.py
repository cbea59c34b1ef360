"""How periods begin and close: bills opened with their fee, issued when their time is over."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext, override

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill
from billing.services import NewItem, add_bill_item, issue_bill, lock_active_bill, open_bill
from community.models import Customer, Location
from community.money import apply_tax
from community.services.people import users_of
from credits.models import Entry
from credits.services.granting import grant_credits
from credits.services.wallets import lock_wallet
from membership.models import PlanAssignment
from membership.services.periods import (
    Period,
    format_day,
    local_day,
    midnight,
    period_on,
)
from notifications.models import Notification
from notifications.services import notify


@transaction.atomic
def begin_period(*, assignment: PlanAssignment, day: date, at: datetime) -> Bill:
    """Open the bill of the period that covers a day, with its fee, and grant its credits, once.

    The caller holds the assignment, and the customer has no other active bill.
    """
    period = _period(assignment, day)
    key = f"period:{assignment.pk}:{period.start}"
    if bill := Bill.objects.filter(key=key).first():
        return bill
    bill = open_bill(
        customer=assignment.customer, key=key, at=at, period=(period.start, period.end)
    )
    _grant_credits(assignment, period, at=at)
    _charge_fee(assignment, period, bill, at=at)
    return bill


@transaction.atomic
def close_period(*, bill_id: int, at: datetime) -> Bill | None:
    """Issue an active bill whose period is over and begin the next one, if the plan goes on.

    Called twice, late or by two at once it does so once. Gives the bill of the next period.
    """
    bill = Bill.objects.select_related("customer__location", "customer__company").get(pk=bill_id)
    customer = bill.customer
    assignments = _lock_assignments(customer)
    locked = lock_active_bill(customer.pk)
    today = local_day(customer.location, at)
    if locked is None or locked.pk != bill_id or not locked.period_end or locked.period_end > today:
        return None
    lock_wallet(customer)  # its place is before the document number's
    issue_bill(bill_id=bill_id, at=at)
    following = [it for it in assignments if it.starts_on <= locked.period_end]
    for assignment in following:
        if assignment.ends_on is None or assignment.ends_on > locked.period_end:
            return begin_period(assignment=assignment, day=locked.period_end, at=at)
    return None


@transaction.atomic
def start_assignment(*, assignment_id: int, at: datetime) -> Bill | None:
    """Begin the first period of a plan that was assigned for later, once its day has come."""
    assignment = PlanAssignment.objects.select_related("customer__location").get(pk=assignment_id)
    assignments = _lock_assignments(assignment.customer)
    today = local_day(assignment.customer.location, at)
    current = next((it for it in assignments if it.pk == assignment_id), None)
    if current is None or current.starts_on > today or _is_over(current, today):
        return None
    lock_active = lock_active_bill(assignment.customer_id)
    if lock_active and lock_active.period_end:
        return None  # its period is not over: closing it begins this one
    lock_wallet(assignment.customer)
    if lock_active:  # one opened by hand makes room
        issue_bill(bill_id=lock_active.pk, at=at)
    return begin_period(assignment=current, day=today, at=at)


def issue_active_bill(*, customer: Customer, at: datetime) -> Bill | None:
    """Issue what the customer's active bill has collected, if there is one.

    Call it in the transaction that needs it issued.
    """
    bill = lock_active_bill(customer.pk)
    if bill is None:
        return None
    lock_wallet(customer)  # its place is before the document number's
    return issue_bill(bill_id=bill.pk, at=at)


def bills_to_close(*, at: datetime) -> list[tuple[int, int]]:
    """Location and bill of each period that is over, in the location's time zone."""
    due = (
        Bill.objects.active()
        .filter(period_end__isnull=False)
        .select_related("location")
        .order_by("period_end", "pk")
    )
    return [
        (bill.location_id, bill.pk)
        for bill in due.iterator(chunk_size=1000)
        if bill.period_end and bill.period_end <= local_day(bill.location, at)
    ]


def assignments_to_start(*, at: datetime) -> list[tuple[int, int]]:
    """Location and assignment of each plan whose customer has no bill of a period open."""
    open_period = Bill.objects.active().filter(
        customer=OuterRef("customer"), period_end__isnull=False
    )
    waiting = (
        PlanAssignment.objects.filter(~Exists(open_period))
        .select_related("location")
        .order_by("pk")
    )
    return [
        (it.location_id, it.pk)
        for it in waiting.iterator(chunk_size=1000)
        if it.starts_on <= local_day(it.location, at)
        and not _is_over(it, local_day(it.location, at))
    ]


def _is_over(assignment: PlanAssignment, today: date) -> bool:
    return assignment.ends_on is not None and assignment.ends_on <= today


def _lock_assignments(customer: Customer) -> list[PlanAssignment]:
    return list(
        PlanAssignment.objects.filter(customer=customer)
        .select_for_update(no_key=True, of=("self",))
        .select_related("plan", "customer__location", "customer__company", "customer__member")
        .order_by("starts_on")
    )


def _period(assignment: PlanAssignment, day: date) -> Period:
    period = period_on(day, starts_on=assignment.starts_on)
    if assignment.ends_on is None:
        return period
    return Period(period.start, min(period.end, assignment.ends_on))


def _grant_credits(assignment: PlanAssignment, period: Period, *, at: datetime) -> None:
    plan, customer = assignment.plan, assignment.customer
    if not plan.monthly_credits:
        return
    key = f"plan:{assignment.pk}:{period.start}"
    entry = grant_credits(
        customer=customer,
        credits=plan.monthly_credits,
        reason=Entry.Reason.PLAN,
        key=key,
        note=plan.name,
        lapses_at=midnight(customer.location, period.end),
        at=at,
    )
    notify(
        location=customer.location,
        user_ids=users_of(customer),
        kind=Notification.Kind.PLAN_CREDITS,
        facts={
            "credits": str(plan.monthly_credits),
            "balance": str(entry.balance_after),
            "plan": plan.name,
            "company": customer.company.name if customer.company else "",
        },
        key=key,
        at=at,
    )


def _charge_fee(assignment: PlanAssignment, period: Period, bill: Bill, *, at: datetime) -> None:
    plan, location = assignment.plan, assignment.customer.location
    if not plan.price_minor:
        return
    key = f"fee:{assignment.pk}:{period.start}"
    amount = apply_tax(plan.price_minor, location.tax)
    add_bill_item(
        location_id=location.pk,
        bill_id=bill.pk,
        item=NewItem(
            source=Source.PLANS,
            description=_words(location, plan.name, period),
            amount=amount,
            tax=location.tax,
            key=key,
        ),
        at=at,
    )
    record_revenue(
        location=location,
        source=Source.PLANS,
        method="bill",
        label=plan.name,
        net_minor=amount.net_minor,
        key=key,
        at=at,
    )


def _words(location: Location, plan: str, period: Period) -> str:
    """The fee as the bill names it, in the location's language."""
    with override(location.locale):
        return gettext("%(plan)s, %(from)s – %(to)s") % {
            "plan": plan,
            "from": format_day(period.start),
            "to": format_day(period.last_day),
        }
