"""Places in companies and plans for many at once, as an import gives them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.models import AuditRecord, Company, CompanyMember, Customer, Location, Member, User
from membership.models import PlanAssignment
from membership.services.companies import add_company
from membership.services.known import Known, NewMember, look_around
from membership.services.periods import local_day

Role = CompanyMember.Role


class MeanwhileChanged(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Something changed while you were here."), code="meanwhile_changed")


@dataclass(frozen=True)
class Placed:
    """What rows give beside membership, counted."""

    companies: int
    without_manager: int  # of these
    places: int
    plans: int


def count_placed(rows: list[NewMember], known: Known) -> Placed:
    """Say in advance what `place_people` would do."""
    new = [it for it in rows if it.company and known.company(it) is None]
    managed = {known.folded[it.company] for it in new if it.role == Role.MANAGER}
    made = {known.folded[it.company] for it in new}
    return Placed(
        companies=len(made),
        without_manager=len(made - managed),
        places=sum(known.joins(it) for it in rows),
        plans=sum(known.gets_plan(it) for it in rows),
    )


@transaction.atomic
def place_people(
    rows: list[NewMember], known: Known, *, location: Location, by: User, at: datetime
) -> None:
    """Put members into companies, new ones included, and give them plans from today on.

    Nobody is told. The first period of a plan begins after it, each in a transaction of its
    own: here bills and totals of many would be held until the last row is written.

    :raises MeanwhileChanged: if what is here isn't what was known
    """
    joining = [it for it in rows if known.joins(it)]
    planned = [it for it in rows if known.gets_plan(it)]
    if not joining and not planned:
        return
    _lock(joining, planned, known, location)
    again = look_around(rows, location=location, at=at)
    if _differs(again, known, rows):
        raise MeanwhileChanged
    here = _members(joining + planned, location)
    _join(joining, known, here, location=location, by=by, at=at)
    _assign(planned, known, here, location=location, by=by, at=at)


def _lock(
    joining: list[NewMember], planned: list[NewMember], known: Known, location: Location
) -> None:
    """Names first, then members, companies and plans, each in order; who is new here is ours."""
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)
    members = {pk for it in joining + planned if (pk := known.person(it).member_id)}
    companies = {it.pk for it in map(known.company, joining) if it}
    payers = {pk for it in planned if (pk := known.person(it).member_id)}
    for rows in (
        Member.objects.filter(pk__in=members),
        Company.objects.filter(pk__in=companies),
        Customer.objects.filter(member__in=payers),
    ):
        list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def _differs(again: Known, known: Known, rows: list[NewMember]) -> bool:
    members = [it.email for it in rows if known.person(it).member_id]
    return (again.companies, again.plans) != (known.companies, known.plans) or any(
        again.people.get(email) != known.people[email] for email in members
    )


@dataclass(frozen=True)
class _Here:
    member_id: int
    customer_id: int


def _members(rows: list[NewMember], location: Location) -> dict[str, _Here]:
    members = (
        Member.objects.filter(location=location)
        .annotate(email=Lower("user__email"))
        .filter(email__in={it.email for it in rows})
    )
    return {
        email: _Here(member_id, customer_id)
        for email, member_id, customer_id in members.values_list("email", "pk", "customer__pk")
    }


def _join(
    rows: list[NewMember],
    known: Known,
    here: dict[str, _Here],
    *,
    location: Location,
    by: User,
    at: datetime,
) -> None:
    ids = {folded: it.pk for folded, it in known.companies.items()}
    for row in rows:
        if known.folded[row.company] not in ids:
            made = add_company(location=location, name=row.company, manager=None, by=by, at=at)
            ids[known.folded[row.company]] = made.pk
    places = CompanyMember.objects.bulk_create(
        CompanyMember(
            location=location,
            company_id=ids[known.folded[row.company]],
            member_id=here[row.email].member_id,
            role=row.role or Role.MEMBER,
            joined_at=at,
        )
        for row in rows
    )
    _audit(
        "company member added",
        [(f"company {it.company_id}", {"member": it.member_id, "role": it.role}) for it in places],
        location=location,
        by=by,
        at=at,
    )


def _assign(
    rows: list[NewMember],
    known: Known,
    here: dict[str, _Here],
    *,
    location: Location,
    by: User,
    at: datetime,
) -> None:
    today = local_day(location, at)
    assignments = PlanAssignment.objects.bulk_create(
        PlanAssignment(
            location=location,
            customer_id=here[row.email].customer_id,
            plan_id=plan.pk,
            starts_on=today,
            assigned_by=by,
            assigned_at=at,
        )
        for row in rows
        if (plan := known.plan(row))
    )
    names = {plan.pk: plan.name for plan in known.plans.values()}
    facts = {"starts_on": str(today), "ends_on": None, "bill_enabled": False}
    _audit(
        "plan assigned",
        [(f"customer {it.customer_id}", facts | {"plan": names[it.plan_id]}) for it in assignments],
        location=location,
        by=by,
        at=at,
    )


def _audit(
    action: str,
    changes: list[tuple[str, dict[str, Any]]],
    *,
    location: Location,
    by: User,
    at: datetime,
) -> None:
    AuditRecord.objects.bulk_create(
        AuditRecord(
            location=location,
            user=by,
            action=action,
            subject=subject,
            after=after,
            happened_at=at,
        )
        for subject, after in changes
    )
