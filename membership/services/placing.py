"""Places in companies, plans and VAT numbers for many at once, as an import gives them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from billing.services import give_vat_numbers
from community.models import AuditRecord, Company, CompanyMember, Customer, Location, Member, User
from membership.models import PlanAssignment
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
    vat_numbers: int


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
        vat_numbers=len(
            {known.folded.get(it.company) or it.email for it in rows if known.gets_vat_number(it)}
        ),
    )


@transaction.atomic
def place_people(
    rows: list[NewMember],
    known: Known,
    newcomers: dict[str, Customer],
    *,
    location: Location,
    by: User,
    at: datetime,
) -> None:
    """Put members into companies, new ones included, and give them plans from today on.

    Nobody is told. The first period of a plan begins after it, each in a transaction of its
    own: here bills and totals of many would be held until the last row is written.

    :param newcomers: those who came in by this transaction, by email
    :raises MeanwhileChanged: if what is here isn't what was known
    """
    joining = [it for it in rows if known.joins(it)]
    planned = [it for it in rows if known.gets_plan(it)]
    numbered = [it for it in rows if known.gets_vat_number(it)]
    if not (joining or planned or numbered):
        return
    _lock(joining, planned, numbered, known, location)
    if _is_overtaken(rows, known, location=location, at=at):
        raise MeanwhileChanged
    here = _customers(joining + planned + numbered, known, newcomers)
    _join(joining, known, here, location=location, by=by, at=at)
    _assign(planned, known, here, location=location, by=by, at=at)
    give_vat_numbers(location=location, numbers=_numbers(numbered, known, here), by=by, at=at)


def _lock(
    joining: list[NewMember],
    planned: list[NewMember],
    numbered: list[NewMember],
    known: Known,
    location: Location,
) -> None:
    """Names first, then members, companies and plans, each in order; who is new here is ours."""
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)
    members = {pk for it in joining + planned if (pk := known.person(it).member_id)}
    companies = {it.pk for it in map(known.company, joining) if it}
    payers = {pk for it in planned + numbered if (pk := known.person(it).member_id)}
    numbered_companies = {it.pk for it in map(known.company, numbered) if it}
    for rows in (
        Member.objects.filter(pk__in=members),
        Company.objects.filter(pk__in=companies),
        Customer.objects.filter(Q(member__in=payers) | Q(company__in=numbered_companies)),
    ):
        list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def _is_overtaken(rows: list[NewMember], known: Known, *, location: Location, at: datetime) -> bool:
    """Look again, but not at newcomers: nobody else can see them."""
    looked_at = [it if known.person(it).member_id else replace(it, email="") for it in rows]
    again = look_around(looked_at, location=location, at=at)
    return (again.companies, again.plans) != (known.companies, known.plans) or any(
        again.people.get(it.email) != known.people[it.email] for it in looked_at if it.email
    )


def _customers(
    rows: list[NewMember], known: Known, newcomers: dict[str, Customer]
) -> dict[str, Customer]:
    members = {pk: it.email for it in rows if (pk := known.person(it).member_id)}
    found = Customer.objects.filter(member__in=members)
    return newcomers | {members[it.member_id]: it for it in found if it.member_id}


def _member_id(customer: Customer) -> int:
    assert customer.member_id
    return customer.member_id


def _add_companies(
    names: list[str], *, location: Location, by: User, at: datetime
) -> list[Company]:
    """As `add_company` does one: names are locked, and known to be new."""
    companies = Company.objects.bulk_create(
        Company(location=location, name=name, created_at=at) for name in names
    )
    Customer.objects.bulk_create(Customer(location=location, company=it) for it in companies)
    changes = [(f"company {it.pk}", {"name": it.name}) for it in companies]
    _audit("company added", changes, location=location, by=by, at=at)
    return companies


def _join(
    rows: list[NewMember],
    known: Known,
    here: dict[str, Customer],
    *,
    location: Location,
    by: User,
    at: datetime,
) -> None:
    ids = {folded: it.pk for folded, it in known.companies.items()}
    names = {known.folded[it.company]: it.company for it in reversed(rows)}  # as first written
    new = [names[folded] for folded in names if folded not in ids]
    made = _add_companies(new, location=location, by=by, at=at)
    ids |= {known.folded[company.name]: company.pk for company in made}
    places = CompanyMember.objects.bulk_create(
        CompanyMember(
            location=location,
            company_id=ids[known.folded[row.company]],
            member_id=_member_id(here[row.email]),
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
    here: dict[str, Customer],
    *,
    location: Location,
    by: User,
    at: datetime,
) -> None:
    today = local_day(location, at)
    assignments = PlanAssignment.objects.bulk_create(
        PlanAssignment(
            location=location,
            customer_id=here[row.email].pk,
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


def _numbers(rows: list[NewMember], known: Known, here: dict[str, Customer]) -> dict[int, str]:
    """VAT numbers by the customers that get them; all companies are there by now."""
    names = {known.folded[it.company] for it in rows if it.company}
    found = Customer.objects.annotate(folded=Lower(Upper("company__name")))
    of_company = dict(found.filter(folded__in=names).values_list("folded", "pk"))
    return {
        of_company[known.folded[it.company]] if it.company else here[it.email].pk: it.vat_number
        for it in rows
    }


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
