"""How periods begin and close: bills opened with their fee, issued when their time is over."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, F, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext, override

from analytics.models import Source
from analytics.services import record_revenue
from billing.models import Bill, DocumentCounter
from billing.services import (
    NewItem,
    add_bill_item,
    hold_series,
    issue_bill,
    lock_active_bill,
    open_bill,
)
from community.models import Customer, Location
from community.services.people import users_of
from credits.models import Entry
from credits.services.granting import book_accrual
from credits.services.wallets import lock_wallet
from membership.models import PlanAssignment
from membership.services.periods import (
    Period,
    day_at_location,
    format_day,
    local_day,
    midnight,
    period_on,
)
from membership.services.quotes import quote_fee
from notifications.models import Notification
from notifications.services import notify


@transaction.atomic
def begin_period(*, assignment: PlanAssignment, day: date, at: datetime) -> Bill:
    """Open the bill of the period that begins on a day, with its fee, and grant its credits, once.

    The caller holds the assignment, and the customer has no other active bill.
    """
    period = _period(assignment, day)
    assert period.start == day
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
    following = next((it for it in assignments if it.covers(locked.period_end)), None)
    if following is None:
        return None
    return begin_period(assignment=following, day=locked.period_end, at=at)


@transaction.atomic
def start_assignment(*, assignment_id: int, at: datetime) -> Bill | None:
    """Begin the first period of a plan that no bill covers yet, once its day has come.

    Late by periods it begins the oldest of them; closing that one begins the next.
    """
    assignment = PlanAssignment.objects.select_related("customer__location").get(pk=assignment_id)
    assignments = _lock_assignments(assignment.customer)
    current = next(it for it in assignments if it.pk == assignment_id)
    day = _first_day_to_bill(current)
    if day > local_day(assignment.customer.location, at) or not current.covers(day):
        return None
    active = lock_active_bill(assignment.customer_id)
    if active and active.period_end:
        return None  # its period is not over: closing it begins this one
    lock_wallet(assignment.customer)
    if active:  # one opened by hand makes room
        issue_bill(bill_id=active.pk, at=at)
    return begin_period(assignment=current, day=day, at=at)


@transaction.atomic
def catch_up(*, customer: Customer, at: datetime) -> int:
    """Close and begin all that is due for a customer, however late; gives in how many steps.

    Its steps, and what follows in the caller's transaction, take document numbers and rollup
    slots in turns. Everybody else takes the number before a slot: so the series is held before
    the first step, and what comes before it in the one order of locks.
    """
    if not (_due_bill(customer, at) or _unbilled_assignment(customer, at)):
        return 0
    _lock_assignments(customer)
    lock_active_bill(customer.pk)
    lock_wallet(customer)
    hold_series(location_id=customer.location_id, kind=DocumentCounter.Kind.BILL)
    steps = 0
    while _step(customer, at=at):
        steps += 1
    return steps


def _step(customer: Customer, *, at: datetime) -> bool:
    """Do the next thing that is due; tells whether there was one."""
    if bill := _due_bill(customer, at):
        close_period(bill_id=bill.pk, at=at)
        return True
    if assignment := _unbilled_assignment(customer, at):
        start_assignment(assignment_id=assignment.pk, at=at)
        return True
    return False


def _due_bill(customer: Customer, at: datetime) -> Bill | None:
    """The customer's open bill of a period, if that is over."""
    today = local_day(customer.location, at)
    due: Bill | None = (
        Bill.objects.active().filter(customer=customer, period_end__lte=today).first()
    )
    return due


def _unbilled_assignment(customer: Customer, at: datetime) -> PlanAssignment | None:
    """A plan with days that no bill covers, while no bill of a period is open."""
    if Bill.objects.active().filter(customer=customer, period_end__isnull=False).exists():
        return None
    unbilled: PlanAssignment | None = _unbilled_assignments(at).filter(customer=customer).first()
    return unbilled


def issue_active_bill(*, customer: Customer, at: datetime) -> Bill | None:
    """Issue what the customer's active bill has collected, if there is one.

    Call it in the transaction that needs it issued.
    """
    bill = lock_active_bill(customer.pk)
    if bill is None:
        return None
    lock_wallet(customer)  # its place is before the document number's
    return issue_bill(bill_id=bill.pk, at=at)


def customers_due(*, at: datetime) -> list[tuple[int, int]]:
    """Location and customer of whatever is to be closed or begun, the oldest first, each once."""
    columns = ("location_id", "customer_id")
    due = (*_due_bills(at).values_list(*columns), *_unbilled_assignments(at).values_list(*columns))
    return list(dict.fromkeys(due))


def _due_bills(at: datetime) -> QuerySet[Bill]:
    due: QuerySet[Bill] = (
        Bill.objects.active()
        # No place on earth is further ahead: the index finds them before zones are computed.
        .filter(period_end__lte=at.date() + timedelta(days=1))
        .filter(period_end__lte=day_at_location(at))
        .order_by("period_end", "pk")
    )
    return due


def _unbilled_assignments(at: datetime) -> QuerySet[PlanAssignment]:
    """Those whose days reach further than their bills, while no period of the customer is open."""
    bills = Bill.objects.filter(customer=OuterRef("customer"))
    own_key = Concat(
        Value("period:"), Cast(OuterRef("pk"), CharField()), Value(":"), output_field=CharField()
    )
    billed = bills.filter(
        Q(period_end__gt=OuterRef("today")) | Q(period_end__gte=OuterRef("ends_on")),
        key__startswith=own_key,
    )
    unbilled: QuerySet[PlanAssignment] = (
        PlanAssignment.objects.annotate(today=day_at_location(at))
        .filter(Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), starts_on__lte=F("today"))
        .filter(~Exists(bills.filter(state=Bill.State.ACTIVE, period_end__isnull=False)))
        .filter(~Exists(billed))
        .order_by("starts_on", "pk")
    )
    return unbilled


def _first_day_to_bill(assignment: PlanAssignment) -> date:
    """Where its bills end; its first day if it has none."""
    own = Bill.objects.filter(
        customer_id=assignment.customer_id, key__startswith=f"period:{assignment.pk}:"
    )
    billed_until: date | None = own.aggregate(end=Max("period_end"))["end"]
    return billed_until or assignment.starts_on


def _lock_assignments(customer: Customer) -> list[PlanAssignment]:
    return list(
        PlanAssignment.objects.filter(customer=customer)
        .select_for_update(no_key=True, of=("self",))
        .select_related(
            "plan",
            "customer__location",
            "customer__company",
            "customer__member",
            "customer__billing_details",
        )
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
    booked = book_accrual(  # the bill is new, so the key is
        location_id=customer.location_id,
        customer_id=customer.pk,
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
            "balance": str(booked.balance),
            "plan": plan.name,
            "company": customer.company_name,
            "company_id": customer.company_id,
        },
        key=key,
        at=at,
    )


def _charge_fee(assignment: PlanAssignment, period: Period, bill: Bill, *, at: datetime) -> None:
    plan, location = assignment.plan, assignment.customer.location
    if not plan.price_minor:
        return
    key = f"fee:{assignment.pk}:{period.start}"
    price = quote_fee(plan, assignment.customer)
    add_bill_item(
        location_id=location.pk,
        bill_id=bill.pk,
        item=NewItem(
            source=Source.PLANS,
            description=_words(location, plan.name, period),
            amount=price.amount,
            tax=price.tax,
            key=key,
        ),
        at=at,
    )
    record_revenue(
        location=location,
        source=Source.PLANS,
        method="bill",
        label=plan.name,
        net_minor=price.amount.net_minor,
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
