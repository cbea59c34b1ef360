from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from billing.models import CreditNote
from community.models import Location
from credits.models import Lot
from membership.models import Plan, PlanAssignment, Purchase
from membership.services.periods import Period, local_day, period_on
from membership.services.quotes import quote_fee
from membership.services.refunding import note_key
from payments.models import Transaction

WIDTH = 420
GAP = 3
SOONEST = 2  # dates that the bar names; what lapses after them is summed up


@dataclass(frozen=True)
class LotSegment:
    """One part of the balance, when it lapses, and its place on the bar."""

    kind: str  # "date", "later" or "never"
    credits: Decimal
    lapses_at: datetime | None
    tint: str = ""
    x: int = 0
    width: int = 0


def lot_bar(*, customer_id: int) -> list[LotSegment]:
    """What a customer has by when it lapses: the soonest dates, the later ones, the rest."""
    dated: dict[datetime, Decimal] = {}
    never = Decimal(0)
    lots = Lot.objects.filter(wallet__customer_id=customer_id).not_empty().in_spending_order()
    for lapses_at, remaining in lots.values_list("lapses_at", "remaining"):
        if lapses_at is None:
            never += remaining
        else:
            dated[lapses_at] = dated.get(lapses_at, Decimal(0)) + remaining
    parts = [LotSegment("date", credits, when) for when, credits in list(dated.items())[:SOONEST]]
    later = sum(list(dated.values())[SOONEST:], Decimal(0))
    if later:
        parts.append(LotSegment("later", later, None))
    if never:
        parts.append(LotSegment("never", never, None))
    return _placed(parts)


def _placed(parts: list[LotSegment]) -> list[LotSegment]:
    total = sum((part.credits for part in parts), Decimal(0))
    room = WIDTH - GAP * (len(parts) - 1)
    placed: list[LotSegment] = []
    x = 0
    for place, part in enumerate(parts):
        tint = ("a", "b")[place] if part.kind == "date" else "c"
        width = max(GAP, int(room * part.credits / total))
        placed.append(LotSegment(part.kind, part.credits, part.lapses_at, tint, x, width))
        x += width + GAP
    return placed


@dataclass(frozen=True)
class NextFee:
    """What a customer is charged next for a plan, and when; the total includes tax."""

    plan: Plan
    on: date
    total_minor: int


@dataclass(frozen=True)
class PlanStanding:
    """A customer's plan today with what went before and what is to come."""

    today: date
    current: PlanAssignment | None
    period: Period | None
    next_fee: NextFee | None
    coming: list[PlanAssignment]
    past: list[PlanAssignment]


def plan_standing(*, customer_id: int, location: Location, at: datetime) -> PlanStanding:
    today = local_day(location, at)
    assignments = list(
        PlanAssignment.objects.filter(customer_id=customer_id)
        .with_billed()
        .select_related("plan", "assigned_by", "customer__location", "customer__billing_details")
        .order_by("starts_on", "pk")
    )
    current = next((it for it in assignments if it.covers(today)), None)
    coming = [it for it in assignments if it.starts_on > today and not it.never_began]
    return PlanStanding(
        today=today,
        current=current,
        period=period_on(today, starts_on=current.starts_on) if current else None,
        next_fee=_next_fee(current, coming, today),
        coming=coming,
        past=[it for it in reversed(assignments) if it is not current and it not in coming],
    )


def _next_fee(
    current: PlanAssignment | None, coming: list[PlanAssignment], today: date
) -> NextFee | None:
    """The current plan's at its next period, unless it ends before; else that of the next plan."""
    if current:
        on = period_on(today, starts_on=current.starts_on).end
        if current.covers(on):
            return _fee(current, on)
    return _fee(coming[0], coming[0].starts_on) if coming else None


def _fee(assignment: PlanAssignment, on: date) -> NextFee:
    plan = assignment.plan
    return NextFee(plan, on, quote_fee(plan, assignment.customer).amount.total_minor)


def credits_claimed_free(*, location_id: int, from_: datetime, until: datetime) -> Decimal:
    """What members got for nothing, as their plans allow."""
    claims = Purchase.objects.filter(
        location_id=location_id,
        method=Purchase.Method.FREE,
        completed_at__gte=from_,
        completed_at__lt=until,
    )
    claimed: Decimal | None = claims.aggregate(sum=Sum("credits"))["sum"]
    return claimed or Decimal(0)


def with_credit_notes(transactions: Iterable[Transaction]) -> list[tuple[Transaction, str]]:
    """Transactions, each with the number of the credit note that it led to."""
    listed = list(transactions)
    keys = {note_key(it): it.pk for it in listed if it.kind != Transaction.Kind.CHARGE}
    notes = CreditNote.objects.filter(key__in=keys).values_list("key", "number") if keys else []
    numbers = {keys[key]: number for key, number in notes}
    return [(it, numbers.get(it.pk, "")) for it in listed]
