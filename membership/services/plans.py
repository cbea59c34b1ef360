"""What plans there are. Who has one: assigning.py."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.services import record_audit
from membership.models import Plan
from membership.services.quotes import WHOLE


class PlanExists(ValidationError):
    def __init__(self) -> None:
        words = _("There is a plan of this name already.")
        super().__init__({"name": ValidationError(words, code="plan_exists")})


class PlanIsArchived(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This plan is archived. Bring it back to use or change it."), code="plan_is_archived"
        )


class ClaimsOfWhatCosts(ValidationError):
    """A limit of free claims says nothing where nothing is free."""

    def __init__(self) -> None:
        words = _("A limit of free claims needs a discount of 100 %. Leave it empty.")
        super().__init__({"free_claims": ValidationError(words, code="claims_of_what_costs")})


@dataclass(frozen=True)
class PlanValues:
    """What an admin says of a plan. Price in minor units per month, before tax's rule."""

    name: str
    price_minor: int
    discount_percent: Decimal
    monthly_credits: Decimal
    free_claims: int | None  # per period; None: without limit


@transaction.atomic
def add_plan(*, location: Location, values: PlanValues, by: User | None, at: datetime) -> Plan:
    """Offer a plan.

    :raises PlanExists: if one of this name is on offer
    :raises ClaimsOfWhatCosts: if it limits free claims without a discount of 100 %
    """
    _lock_plans(location)
    _refuse(values)
    plan = Plan.objects.create(location=location, created_at=at, **asdict(values))
    _audit("plan added", plan, by=by, at=at, after=_facts(plan))
    return plan


@transaction.atomic
def change_plan(*, plan_id: int, values: PlanValues, by: User, at: datetime) -> Plan:
    """Change a plan for everybody who has it: prices at once, the fee from the next period on.

    :raises PlanExists: if another one of this name is on offer
    :raises PlanIsArchived: if it is archived
    :raises ClaimsOfWhatCosts: if it limits free claims without a discount of 100 %
    """
    plan = _lock_plan(plan_id)
    if plan.archived_at:
        raise PlanIsArchived
    _refuse(values, but=plan)
    before = _facts(plan)
    for name, value in asdict(values).items():
        setattr(plan, name, value)
    plan.save(update_fields=list(asdict(values)))
    _audit("plan changed", plan, by=by, at=at, before=before, after=_facts(plan))
    return plan


@transaction.atomic
def archive_plan(*, plan_id: int, by: User, at: datetime) -> Plan:
    """Offer a plan no longer; who has it keeps it. Archiving it twice changes nothing."""
    plan = _lock_plan(plan_id)
    if plan.archived_at is None:
        plan.archived_at = at
        plan.save(update_fields=["archived_at"])
        _audit("plan archived", plan, by=by, at=at)
    return plan


@transaction.atomic
def bring_back_plan(*, plan_id: int, by: User, at: datetime) -> Plan:
    """Offer an archived plan again.

    :raises PlanExists: if one of this name is on offer by now
    """
    plan = _lock_plan(plan_id)
    if plan.archived_at is not None:
        _refuse_duplicate(plan.name)
        plan.archived_at = None
        plan.save(update_fields=["archived_at"])
        _audit("plan brought back", plan, by=by, at=at)
    return plan


def _lock_plans(location: Location) -> None:
    """Names are compared one admin after the other."""
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)


def _lock_plan(plan_id: int) -> Plan:
    plan = Plan.objects.select_related("location").get(pk=plan_id)
    _lock_plans(plan.location)
    return (
        Plan.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location")
        .get(pk=plan_id)
    )


def _refuse(values: PlanValues, *, but: Plan | None = None) -> None:
    if values.free_claims is not None and values.discount_percent != WHOLE:
        raise ClaimsOfWhatCosts
    _refuse_duplicate(values.name, but=but)


def _refuse_duplicate(name: str, *, but: Plan | None = None) -> None:
    others = Plan.objects.on_offer().filter(name__iexact=name)
    if but:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise PlanExists


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "price_minor": plan.price_minor,
        "discount_percent": str(plan.discount_percent),
        "monthly_credits": str(plan.monthly_credits),
        "free_claims": plan.free_claims,
    }


def _audit(action: str, plan: Plan, *, by: User | None, at: datetime, **facts: Any) -> None:
    record_audit(
        location=plan.location, by=by, action=action, subject=f"plan {plan.pk}", at=at, **facts
    )
