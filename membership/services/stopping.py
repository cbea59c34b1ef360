"""What stopping all plans of a customer would do, to be read before it is confirmed."""

from dataclasses import dataclass
from datetime import datetime

from billing.models import Bill
from community.models import Customer
from membership.models import PlanAssignment
from membership.services.periods import local_day


@dataclass(frozen=True)
class StoppingEffect:
    """What is issued, ended and withdrawn; `bill` only if something is on it."""

    bill: Bill | None
    plan: PlanAssignment | None
    coming_plans: list[PlanAssignment]


def effect_of_stopping(*, customer: Customer, at: datetime) -> StoppingEffect:
    """Read it for a customer; stopping itself reads again under lock."""
    today = local_day(customer.location, at)
    going_on = list(
        PlanAssignment.objects.filter(customer=customer).from_day(today).select_related("plan")
    )
    return StoppingEffect(
        bill=Bill.objects.active().with_something_on_it().filter(customer=customer).first(),
        plan=next((it for it in going_on if it.covers(today)), None),
        coming_plans=[it for it in going_on if it.starts_on > today and not it.never_began],
    )
