"""Which plan a customer has, from when until when. The rows are the history."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from billing.models import Bill
from community.models import ApiKey, Company, Customer, Location, Member, User
from community.services import record_audit
from membership.models import Plan, PlanAssignment
from membership.services.closing import begin_period, catch_up, issue_active_bill
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
            {
                "ends_on": ValidationError(
                    _("Choose the first day or a later one."), code="ends_early"
                )
            }
        )


class NoPlanToEnd(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("There is no plan at the moment."), code="no_plan_to_end")


class CompanyIsClosed(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This company is closed. Reopen it first."), code="company_is_closed")


class MemberIsGone(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("They are no member any more."), code="member_is_gone")


class PlanChanged(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("The plan changed while you were here. Look at it again."), code="plan_changed"
        )


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
    api_key: ApiKey | None = None,
) -> PlanAssignment:
    """Give a customer a plan. If it starts today its first period begins at once.

    :param ends_on: the first day without it; None: until it is ended
    :raises StartsInThePast, EndsBeforeItStarts: if the days make no sense
    :raises PlanOverlaps: if there is one in that time
    :raises PlanIsArchived, CompanyIsClosed, MemberIsGone:
    """
    location = customer.location
    today = local_day(location, at)
    if starts_on < today:
        raise StartsInThePast
    if ends_on is not None and ends_on <= starts_on:
        raise EndsBeforeItStarts
    lock_customer_plans(customer)
    catch_up(customer=customer, at=at)  # what is late belongs to the plan before
    assignment = _write(customer, wish, starts_on, ends_on, by=by, api_key=api_key, at=at)
    if starts_on == today:
        issue_active_bill(customer=customer, at=at)  # one opened by hand makes room
        begin_period(assignment=assignment, day=today, at=at)
    return assignment


@transaction.atomic
def replace_plan(
    *, customer: Customer, wish: PlanWish, when: When, by: User | None, at: datetime
) -> PlanAssignment:
    """Let another plan follow the current one: at the next period, or now without proration.

    :raises NoPlanToEnd, PlanIsArchived, CompanyIsClosed, MemberIsGone:
    """
    starts_on = _end(customer, when, at=at)
    assignment = _write(customer, wish, starts_on, None, by=by, at=at)
    if when is When.NOW:
        begin_period(assignment=assignment, day=starts_on, at=at)
    return assignment


@transaction.atomic
def end_plan(
    *,
    customer: Customer,
    when: When,
    by: User | None,
    at: datetime,
    api_key: ApiKey | None = None,
) -> date:
    """End the current plan and any that was to follow; gives the first day without one.

    :raises NoPlanToEnd: if there is none
    """
    ends_on = _end(customer, when, at=at)
    after = {"ends_on": str(ends_on)}
    _audit("plan ended", customer, by=by, api_key=api_key, at=at, after=after)
    return ends_on


@transaction.atomic
def withdraw_coming_plan(*, assignment_id: int, by: User | None, at: datetime) -> PlanAssignment:
    """Let a plan that has not begun never begin. The one before it goes on if it made room.

    :raises PlanChanged: if it has begun, or was withdrawn already
    """
    found = PlanAssignment.objects.select_related("customer__location").get(pk=assignment_id)
    assignments = lock_customer_plans(found.customer)
    coming = next(it for it in assignments if it.pk == assignment_id)
    if not _is_coming(coming, local_day(found.customer.location, at)):
        raise PlanChanged
    _set_end(coming, coming.starts_on)
    before = next((it for it in assignments if it.ends_on == coming.starts_on > it.starts_on), None)
    if before and _ends_with_a_period(before):
        _set_end(before, None)
    facts = {"assignment": coming.pk, "starts_on": str(coming.starts_on)}
    _audit("coming plan withdrawn", found.customer, by=by, at=at, after=facts)
    return coming


@transaction.atomic
def change_bill_permission(
    *,
    assignment_id: int,
    bill_enabled: bool,
    bill_for: PlanAssignment.BillFor,
    by: User | None,
    at: datetime,
) -> PlanAssignment:
    """Open or close the bill of a running or coming plan, in open checkouts too.

    :raises PlanChanged: if the plan has ended meanwhile
    """
    found = PlanAssignment.objects.select_related("customer__location").get(pk=assignment_id)
    assignments = lock_customer_plans(found.customer)
    assignment = next(it for it in assignments if it.pk == assignment_id)
    if assignment.ends_on and assignment.ends_on <= local_day(found.customer.location, at):
        raise PlanChanged
    before = _facts(assignment)
    assignment.bill_enabled, assignment.bill_for = bill_enabled, bill_for
    if before == _facts(assignment):
        return assignment
    assignment.save(update_fields=["bill_enabled", "bill_for"])
    _audit(
        "bill permission changed",
        found.customer,
        by=by,
        at=at,
        before=before,
        after=_facts(assignment),
    )
    return assignment


@transaction.atomic
def stop_plans(*, customer: Customer, by: User | None, at: datetime) -> None:
    """End the plan there is, withdraw what is to come, issue the active bill: they go."""
    assignments = lock_customer_plans(customer)
    today = local_day(customer.location, at)
    if any(it.covers(today) for it in assignments):
        end_plan(customer=customer, when=When.NOW, by=by, at=at)
        return
    catch_up(customer=customer, at=at)
    _withdraw(assignments, after=today)
    issue_active_bill(customer=customer, at=at)


@dataclass(frozen=True)
class Effect:
    """What a change or an end would do, to be read before it is confirmed."""

    from_day: date
    period: Period  # the one it cuts off or waits for
    bill_minor: int | None  # what the bill that it issues now comes to; None: it issues none
    withdrawn: tuple[str, ...]  # plans that were to follow and never begin

    @property
    def issues_a_bill(self) -> bool:
        return self.bill_minor is not None

    @property
    def last_day(self) -> date:
        return self.from_day - timedelta(days=1)


def effect_of(*, customer: Customer, when: When, at: datetime) -> Effect:
    """Read what ending or changing the plan would do now.

    :raises NoPlanToEnd: if there is no plan
    """
    today = local_day(customer.location, at)
    assignments = list(
        PlanAssignment.objects.filter(customer=customer).from_day(today).select_related("plan")
    )
    current = next((it for it in assignments if it.covers(today)), None)
    if current is None:
        raise NoPlanToEnd
    period = period_on(today, starts_on=current.starts_on)
    at_once = when is When.NOW
    return Effect(
        from_day=today if at_once else _next_start(current, period),
        period=period,
        bill_minor=_open_total(customer) if at_once else None,
        withdrawn=tuple(str(it.plan) for it in assignments if _is_coming(it, today)),
    )


def _open_total(customer: Customer) -> int | None:
    bill = Bill.objects.active().with_something_on_it().filter(customer=customer).first()
    return bill.total_minor if bill else None


def lock_customer_plans(customer: Customer) -> list[PlanAssignment]:
    """Lock the current and coming assignments; the customer's row holds where there is none."""
    Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=customer.pk)
    return list(
        PlanAssignment.objects.filter(customer=customer)
        .select_for_update(no_key=True, of=("self",))
        .select_related("plan")
        .order_by("starts_on")
    )


def _end(customer: Customer, when: When, *, at: datetime) -> date:
    today = local_day(customer.location, at)
    assignments = lock_customer_plans(customer)
    current = next((it for it in assignments if it.covers(today)), None)
    if current is None:
        raise NoPlanToEnd
    catch_up(customer=customer, at=at)  # periods before today are owed whatever happens now
    ends_on = today
    if when is When.NEXT_PERIOD:
        ends_on = _next_start(current, period_on(today, starts_on=current.starts_on))
    _withdraw(assignments, after=today)
    _set_end(current, ends_on)
    if when is When.NOW:
        issue_active_bill(customer=customer, at=at)
    return ends_on


def _withdraw(assignments: list[PlanAssignment], *, after: date) -> None:
    for assignment in assignments:
        if _is_coming(assignment, after):
            _set_end(assignment, assignment.starts_on)


def _is_coming(assignment: PlanAssignment, today: date) -> bool:
    return assignment.starts_on > today and not assignment.never_began


def _ends_with_a_period(assignment: PlanAssignment) -> bool:
    """Whether it could go on as if it had no end: in the middle its bill is cut short."""
    end = assignment.ends_on
    if end is None:
        return False
    return period_on(end, starts_on=assignment.starts_on).start == end


def _next_start(current: PlanAssignment, period: Period) -> date:
    """Where the next period begins; an end that is nearer stays."""
    return min(period.end, current.ends_on) if current.ends_on else period.end


def _set_end(assignment: PlanAssignment, ends_on: date | None) -> None:
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
    api_key: ApiKey | None = None,
) -> PlanAssignment:
    plan = Plan.objects.get(pk=wish.plan_id)
    if plan.archived_at:
        raise PlanIsArchived
    # Read again: who closes a company waits for the customer's row that is locked here.
    if Company.objects.filter(pk=customer.company_id or 0, state=Company.State.CLOSED).exists():
        raise CompanyIsClosed
    if customer.member and not _belongs(customer.member):
        raise MemberIsGone
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
        if "assignment_one_plan_at_a_time" not in str(overlap):
            raise
        raise PlanOverlaps from overlap
    _audit("plan assigned", customer, by=by, api_key=api_key, at=at, after=_facts(assignment))
    return assignment


def _belongs(member: Member) -> bool:
    return member.state in {Member.State.ACTIVE, Member.State.SUSPENDED}


def _facts(assignment: PlanAssignment) -> dict[str, Any]:
    return {
        "plan": assignment.plan.name,
        "starts_on": str(assignment.starts_on),
        "ends_on": str(assignment.ends_on) if assignment.ends_on else None,
        "bill_enabled": assignment.bill_enabled,
        "bill_for": assignment.bill_for,
    }


def _audit(action: str, customer: Customer, *, by: User | None, at: datetime, **facts: Any) -> None:
    location: Location = customer.location
    subject = f"customer {customer.pk}"
    record_audit(location=location, by=by, action=action, subject=subject, at=at, **facts)
