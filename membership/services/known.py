"""What an uploaded table is held against: the people, companies and plans that are here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Lower, Upper

from billing.models import BillingDetails
from community.models import Company, CompanyMember, Location, Member, User
from membership.models import Plan, PlanAssignment
from membership.services.periods import local_day
from membership.statements import fold_names

Role = CompanyMember.Role


@dataclass(frozen=True)
class NewMember:
    """A row: somebody new, or a member who gets a place in a company or a plan."""

    email: str
    name: str
    start: date | None = None
    credits: Decimal = Decimal(0)
    expiry: date | None = None
    company: str = ""
    role: Role | None = None  # None: member, or what they are already
    plan: str = ""
    vat_number: str = ""  # of the company, or of who has none in the row


@dataclass
class KnownPerson:
    """Somebody who has an account, and what they are here."""

    refusal: str = ""  # why they can't come in as somebody new
    member_id: int | None = None  # of an active member
    roles: dict[int, str] = field(default_factory=dict)  # by company
    plans: dict[int, str] = field(default_factory=dict)  # that run or come, with their names
    vat_number: str = ""


@dataclass(frozen=True)
class KnownCompany:
    pk: int
    name: str
    is_open: bool
    vat_number: str


@dataclass(frozen=True)
class KnownPlan:
    pk: int
    name: str
    is_archived: bool


STRANGER = KnownPerson()


@dataclass(frozen=True)
class Known:
    """All of it at one moment; companies and plans by their folded names."""

    people: dict[str, KnownPerson]
    companies: dict[str, KnownCompany]
    plans: dict[str, KnownPlan]
    folded: dict[str, str]

    def person(self, new: NewMember) -> KnownPerson:
        return self.people.get(new.email, STRANGER)

    def company(self, new: NewMember) -> KnownCompany | None:
        return self.companies.get(self.folded[new.company]) if new.company else None

    def plan(self, new: NewMember) -> KnownPlan | None:
        return self.plans.get(self.folded[new.plan]) if new.plan else None

    def joins(self, new: NewMember) -> bool:
        """Whether the row gives a place in a company that they don't have."""
        company = self.company(new)
        return bool(new.company) and (company is None or company.pk not in self.person(new).roles)

    def gets_plan(self, new: NewMember) -> bool:
        """Whether the row gives a plan that they don't have."""
        plan = self.plan(new)
        return plan is not None and plan.pk not in self.person(new).plans

    def gets_vat_number(self, new: NewMember) -> bool:
        """Whether the row gives the company or the person a VAT number that they don't have."""
        has = (self.company(new) if new.company else self.person(new)) or STRANGER
        return bool(new.vat_number) and not has.vat_number


def look_around(rows: list[NewMember], *, location: Location, at: datetime) -> Known:
    """Read all that these rows speak of, in as many statements for many as for few."""
    folded = fold_names(sorted({name for new in rows for name in (new.company, new.plan) if name}))
    return Known(
        people=_people({new.email for new in rows if new.email}, location, at=at),
        companies=_companies({folded[new.company] for new in rows if new.company}),
        plans=_plans({folded[new.plan] for new in rows if new.plan}),
        folded=folded,
    )


def refusals(new: NewMember, known: Known) -> Iterator[tuple[str, str, str]]:
    """Field, code and name of whatever can't be because of what is here."""
    person = known.person(new)
    gives = new.company or new.plan or new.vat_number
    if person.refusal and not (person.member_id and gives):
        yield "email", person.refusal, ""
    elif person.member_id and new.credits:
        yield "credits", "credits_of_a_member", ""
    yield from _company_refusals(new, known.company(new), person)
    has = known.company(new) if new.company else person
    if has and has.vat_number not in {"", new.vat_number} and new.vat_number:
        yield "vat_number", "vat_number_differs", new.company or new.name
    if new.plan:
        yield from _plan_refusals(new, known.plan(new), person)


def _company_refusals(
    new: NewMember, company: KnownCompany | None, person: KnownPerson
) -> Iterator[tuple[str, str, str]]:
    if company is None:
        return
    if not company.is_open:
        yield "company", "company_closed", company.name
    role = person.roles.get(company.pk)
    if role and new.role and role != new.role:
        yield "role", f"is_{role}_already", company.name


def _plan_refusals(
    new: NewMember, plan: KnownPlan | None, person: KnownPerson
) -> Iterator[tuple[str, str, str]]:
    if plan is None:
        yield "plan", "plan_unknown", new.plan
        return
    others = [name for pk, name in person.plans.items() if pk != plan.pk]
    if plan.is_archived and plan.pk not in person.plans:
        yield "plan", "plan_archived", plan.name
    elif others:
        yield "plan", "has_another_plan", others[0]


def _people(emails: set[str], location: Location, *, at: datetime) -> dict[str, KnownPerson]:
    users = User.objects.annotate(lowered=Lower("email")).filter(lowered__in=emails)
    accounts = list(users.values_list("pk", "lowered", "is_active"))
    here = Member.objects.filter(location=location, user__in=[pk for pk, _email, _on in accounts])
    states = {user: (pk, state) for pk, user, state in here.values_list("pk", "user_id", "state")}
    people = {
        lowered: _person(*states.get(pk, (None, None)), is_open=is_open)
        for pk, lowered, is_open in accounts
    }
    _fill_in({it.member_id: it for it in people.values() if it.member_id}, location, at=at)
    return people


def _person(member_id: int | None, state: str | None, *, is_open: bool) -> KnownPerson:
    if not is_open:
        return KnownPerson("account_closed")
    if state == Member.State.ACTIVE:
        return KnownPerson("already_member", member_id)
    why = {None: "", Member.State.LEFT.value: "left_before"}
    return KnownPerson(why.get(state, "already_member"))


def _fill_in(people: dict[int, KnownPerson], location: Location, *, at: datetime) -> None:
    """Say of members which companies they are in, which plans they have, now or later, and more."""
    numbers = BillingDetails.objects.filter(customer__member__in=people)
    for member_id, vat_number in numbers.values_list("customer__member", "vat_number"):
        people[member_id].vat_number = vat_number
    places = CompanyMember.objects.filter(member__in=people)
    for member_id, company_id, role in places.values_list("member_id", "company_id", "role"):
        people[member_id].roles[company_id] = role
    plans = (
        PlanAssignment.objects.filter(customer__member__in=people)
        .from_day(local_day(location, at))
        .exclude(ends_on=F("starts_on"))  # withdrawn before it began
    )
    for member_id, plan_id, name in plans.values_list("customer__member", "plan", "plan__name"):
        people[member_id].plans[plan_id] = name


def _companies(folded: set[str]) -> dict[str, KnownCompany]:
    companies = Company.objects.annotate(
        folded=Lower(Upper("name")),
        vat_number=Coalesce("customer__billing_details__vat_number", Value("")),
    ).filter(folded__in=folded)
    return {it.folded: KnownCompany(it.pk, it.name, it.is_open, it.vat_number) for it in companies}


def _plans(folded: set[str]) -> dict[str, KnownPlan]:
    """Of those of one name the one on offer, else the latest archived."""
    found: dict[str, KnownPlan] = {}
    plans = Plan.objects.annotate(folded=Lower(Upper("name"))).filter(folded__in=folded)
    for plan in plans.order_by(F("archived_at").asc(nulls_last=True), "pk"):
        found[plan.folded] = KnownPlan(plan.pk, plan.name, plan.archived_at is not None)
    return found
