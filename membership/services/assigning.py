"""Which plan a customer has, from when until when. The rows are the history."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from community.models import Company, Customer, Location, User
from community.services import record_audit
from membership.models import Plan, PlanAssignment
from membership.services.closing import begin_period, issue_active_bill
from membership.services.periods import Period, local_day, period_on
from membership.services.plans import PlanIsArchived


class PlanOverlaps(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("There is a plan in that time already. A customer has one plan at a time."),
            code="plan_overlaps",
        )


class StartsInThePast(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            {"starts_on": ValidationError(_("Choose today or a later day."), code="in_the_past")}
        )


class EndsBeforeItStarts(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            {"ends_on": ValidationError(_("Choose a day after the first one."), code="ends_early")}
        )


class NoPlanToEnd(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("There is no plan at the moment."), code="no_plan_to_end")


class CompanyIsClosed(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This company is closed. Reopen it first."), code="company_is_closed")


class When(StrEnum):
    """From when a change or an end counts."""

    NEXT_PERIOD = "next_period"
    NOW = "now"


@dataclass(frozen=True)
class PlanWish:
    """The plan that a customer is to have, and who may put purchases on its bill."""

    plan_id: int
    bill_enabled: bool
    bill_for: PlanAssignment.BillFor


@transaction.atomic
def assign_plan(
    *,
    customer: Customer,
    wish: PlanWish,
    starts_on: date,
    ends_on: date | None,
    by: User | None,
    at: datetime,
) -> PlanAssignment:
    """Give a customer a plan. If it starts today its first period begins at once.

    :param ends_on: the first day without it; None: until it is ended
    :raises StartsInThePast, EndsBeforeItStarts, PlanOverlaps, PlanIsArchived, CompanyIsClosed:
    """
    location = customer.location
    today = local_day(location, at)
    if starts_on < today:
        raise StartsInThePast
    if ends_on is not None and ends_on <= starts_on:
        raise EndsBeforeItStarts
    lock_customer_plans(customer)
    assignment = _write(customer, wish, starts_on, ends_on, by=by, at=at)
    if starts_on == today:
        issue_active_bill(customer=customer, at=at)  # one opened by hand makes room
        begin_period(assignment=assignment, day=today, at=at)
    return assignment


@transaction.atomic
def replace_plan(
    *, customer: Customer, wish: PlanWish, when: When, by: User | None, at: datetime
) -> PlanAssignment:
    """Let another plan follow the current one: at the next period, or now without proration.

    :raises NoPlanToEnd, PlanIsArchived, CompanyIsClosed:
    """
    starts_on = _end(customer, when, at=at)
    assignment = _write(customer, wish, starts_on, None, by=by, at=at)
    if when is When.NOW:
        begin_period(assignment=assignment, day=starts_on, at=at)
    return assignment


@transaction.atomic
def end_plan(*, customer: Customer, when: When, by: User | None, at: datetime) -> date:
    """End the current plan and any that was to follow; gives the first day without one.

    :raises NoPlanToEnd: if there is none
    """
    ends_on = _end(customer, when, at=at)
    _audit("plan ended", customer, by=by, at=at, after={"ends_on": str(ends_on)})
    return ends_on


@transaction.atomic
def stop_plans(*, customer: Customer, by: User | None, at: datetime) -> None:
    """End the current plan now, let none that is to come begin, issue what the bill collected."""
    today = local_day(customer.location, at)
    for assignment in lock_customer_plans(customer):
        ends_on = max(today, assignment.starts_on)
        if assignment.ends_on is None or assignment.ends_on > ends_on:
            _set_end(assignment, ends_on)
            _audit("plan ended", customer, by=by, at=at, after={"ends_on": str(ends_on)})
    issue_active_bill(customer=customer, at=at)


@dataclass(frozen=True)
class Effect:
    """What a change or an end would do, to be read before it is confirmed."""

    from_day: date
    issues_a_bill: bool
    period: Period  # the one it cuts off or waits for


def effect_of(*, customer: Customer, when: When, at: datetime) -> Effect:
    """Read what ending or changing the plan would do now.

    :raises NoPlanToEnd: if there is no plan
    """
    today = local_day(customer.location, at)
    current = PlanAssignment.objects.filter(customer=customer).on(today).first()
    if current is None:
        raise NoPlanToEnd
    period = period_on(today, starts_on=current.starts_on)
    if when is When.NOW:
        return Effect(from_day=today, issues_a_bill=True, period=period)
    return Effect(from_day=_next_start(current, period), issues_a_bill=False, period=period)


def lock_customer_plans(customer: Customer) -> list[PlanAssignment]:
    """Lock the current and coming assignments; the customer's row holds where there is none."""
    Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=customer.pk)
    return list(
        PlanAssignment.objects.filter(customer=customer)
        .select_for_update(no_key=True, of=("self",))
        .order_by("starts_on")
    )


def _end(customer: Customer, when: When, *, at: datetime) -> date:
    today = local_day(customer.location, at)
    assignments = lock_customer_plans(customer)
    current = next((it for it in assignments if _covers(it, today)), None)
    if current is None:
        raise NoPlanToEnd
    ends_on = today
    if when is When.NEXT_PERIOD:
        ends_on = _next_start(current, period_on(today, starts_on=current.starts_on))
    for assignment in assignments:
        if assignment.starts_on > today:  # it was to follow: it never begins
            _set_end(assignment, assignment.starts_on)
    _set_end(current, ends_on)
    if when is When.NOW:
        issue_active_bill(customer=customer, at=at)
    return ends_on


def _covers(assignment: PlanAssignment, day: date) -> bool:
    return assignment.starts_on <= day and (assignment.ends_on is None or day < assignment.ends_on)


def _next_start(current: PlanAssignment, period: Period) -> date:
    """Where the next period begins; an end that is nearer stays."""
    return min(period.end, current.ends_on) if current.ends_on else period.end


def _set_end(assignment: PlanAssignment, ends_on: date) -> None:
    assignment.ends_on = ends_on
    assignment.save(update_fields=["ends_on"])


def _write(
    customer: Customer,
    wish: PlanWish,
    starts_on: date,
    ends_on: date | None,
    *,
    by: User | None,
    at: datetime,
) -> PlanAssignment:
    plan = Plan.objects.get(pk=wish.plan_id)
    if plan.archived_at:
        raise PlanIsArchived
    # Read again: who closes a company waits for the customer's row that is locked here.
    if Company.objects.filter(pk=customer.company_id or 0, state=Company.State.CLOSED).exists():
        raise CompanyIsClosed
    assignment = PlanAssignment(
        location=customer.location,
        customer=customer,
        plan=plan,
        starts_on=starts_on,
        ends_on=ends_on,
        bill_enabled=wish.bill_enabled,
        bill_for=wish.bill_for,
        assigned_by=by,
        assigned_at=at,
    )
    try:
        with transaction.atomic():
            assignment.save(force_insert=True)
    except IntegrityError as overlap:
        raise PlanOverlaps from overlap
    _audit("plan assigned", customer, by=by, at=at, after=_facts(assignment))
    return assignment


def _facts(assignment: PlanAssignment) -> dict[str, Any]:
    return {
        "plan": assignment.plan.name,
        "starts_on": str(assignment.starts_on),
        "ends_on": str(assignment.ends_on) if assignment.ends_on else None,
        "bill_enabled": assignment.bill_enabled,
        "bill_for": assignment.bill_for,
    }


def _audit(
    action: str, customer: Customer, *, by: User | None, at: datetime, after: dict[str, Any]
) -> None:
    location: Location = customer.location
    subject = f"customer {customer.pk}"
    record_audit(location=location, by=by, action=action, subject=subject, at=at, after=after)
