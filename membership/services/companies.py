"""Companies of a location: who is in them, who manages them, who may use their money."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Company, CompanyMember, Customer, Location, Member, User
from community.services import record_audit
from community.services.people import users_of
from membership.services.assigning import stop_plans
from notifications.models import Notification
from notifications.services import notify
from payments.models import Card
from payments.services.cards import release_cards, remove_card


class CompanyNameTaken(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            {"name": ValidationError(_("There is a company of this name already."), code="taken")}
        )


class KeepsAManager(ValidationError):
    def __init__(self, company: Company) -> None:
        super().__init__(
            _(
                "%(company)s would be left without a manager."
                " Somebody else must become manager first, or the company be closed."
            ),
            code="keeps_a_manager",
            params={"company": company.name},
        )


class NoLongerManager(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("You don't manage this company any more. Nothing was changed."),
            code="no_longer_manager",
        )


class NotInThisCompany(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("They don't belong to this company any more."), code="not_in_this_company"
        )


class InCompanyAlready(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("They belong to this company already."), code="in_company_already")


class NotActiveHere(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Only active members of the location can be in a company."), code="not_active_here"
        )


class CompanyNotOpen(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This company is closed. Reopen it first."), code="company_not_open")


class CompanyNotClosed(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This company is open already."), code="company_not_closed")


@transaction.atomic
def add_company(
    *, location: Location, name: str, manager: Member | None, by: User | None, at: datetime
) -> Company:
    """Open a company with the customer that pays for it and, if named, its first manager.

    :raises CompanyNameTaken: if the location has one of this name, closed ones too
    :raises NotActiveHere: if the manager is no active member
    """
    _lock_names(location)
    _refuse_name(name)
    company = Company.objects.create(location=location, name=name, created_at=at)
    Customer.objects.create(location=location, company=company)
    _audit("company added", company, by=by, at=at, after={"name": name})
    if manager:
        put_in_company(
            company=company, member=manager, role=CompanyMember.Role.MANAGER, by=by, at=at
        )
    return company


@transaction.atomic
def rename_company(*, company: Company, name: str, by: User | None, at: datetime) -> Company:
    """Call a company otherwise; past documents keep the name they had.

    :raises CompanyNameTaken: if the location has one of this name
    """
    _lock_names(company.location)
    company = lock_company(company)
    _refuse_name(name, but=company)
    before, company.name = company.name, name
    company.save(update_fields=["name"])
    _audit("company renamed", company, by=by, at=at, before={"name": before}, after={"name": name})
    return company


@transaction.atomic
def put_in_company(
    *,
    company: Company,
    member: Member,
    role: CompanyMember.Role = CompanyMember.Role.MEMBER,
    by: User | None,
    at: datetime,
    as_manager: bool = False,
) -> CompanyMember:
    """Make a member of the location one of the company, without permission for its money.

    :param as_manager: `by` does it as a manager of the company, which is read again under lock
    :raises NotActiveHere: if they are no active member of the location
    :raises CompanyNotOpen, InCompanyAlready, NoLongerManager:
    """
    member = Member.objects.select_for_update(no_key=True, of=("self",)).get(pk=member.pk)
    company = lock_managed(company, by=by) if as_manager else lock_company(company)
    if member.state != Member.State.ACTIVE:
        raise NotActiveHere
    if not company.is_open:
        raise CompanyNotOpen
    place, made = CompanyMember.objects.get_or_create(
        company=company,
        member=member,
        defaults={"location": company.location, "role": role, "joined_at": at},
    )
    if not made:
        raise InCompanyAlready
    _audit("company member added", company, by=by, at=at, after=_facts(place))
    _tell(company, [member.user_id], Notification.Kind.COMPANY_JOINED, at=at)
    return place


@transaction.atomic
def remove_from_company(
    *, place: CompanyMember, by: User | None, at: datetime, as_manager: bool = False
) -> None:
    """Take a member out. What they were about to buy for it is refused from now on.

    :raises KeepsAManager: if they are the last manager of an open company
    :raises NotInThisCompany, NoLongerManager: read under lock
    """
    place = _lock_place(place, manager=by if as_manager else None)
    if place.is_manager:
        _refuse_last_manager(place)
    facts, company = _facts(place), place.company
    place.delete()
    _audit("company member removed", company, by=by, at=at, before=facts)
    _tell(company, [place.member.user_id], Notification.Kind.COMPANY_LEFT, at=at)


@transaction.atomic
def change_company_role(
    *,
    place: CompanyMember,
    role: CompanyMember.Role,
    by: User | None,
    at: datetime,
    as_manager: bool = False,
) -> CompanyMember:
    """Make somebody manager, or member again.

    :raises KeepsAManager: if they are the last manager of an open company
    :raises NotInThisCompany, NoLongerManager: read under lock
    """
    place = _lock_place(place, manager=by if as_manager else None)
    if place.role == role:
        return place
    if place.is_manager:
        _refuse_last_manager(place)
    before = _facts(place)
    place.role = role
    place.save(update_fields=["role"])
    _audit("company role changed", place.company, by=by, at=at, before=before, after=_facts(place))
    return place


@transaction.atomic
def permit_company_money(
    *,
    place: CompanyMember,
    may_use_card: bool,
    may_use_bill: bool,
    by: User | None,
    at: datetime,
    as_manager: bool = False,
) -> CompanyMember:
    """Let a member use the company's card and bill, or no longer: in open checkouts too.

    :raises NotInThisCompany, NoLongerManager: read under lock
    """
    place = _lock_place(place, manager=by if as_manager else None)
    before = _facts(place)
    place.may_use_card, place.may_use_bill = may_use_card, may_use_bill
    if before == _facts(place):
        return place
    place.save(update_fields=["may_use_card", "may_use_bill"])
    _audit(
        "company permission changed",
        place.company,
        by=by,
        at=at,
        before=before,
        after=_facts(place),
    )
    return place


@transaction.atomic
def remove_company_card(*, card: Card, company_id: int, by: User) -> None:
    """Take a kept card off the company's list, by one of its managers.

    :raises NoLongerManager: read under lock
    :raises CardInUse: while a charge of it is pending
    """
    lock_managed(Company(pk=company_id), by=by)
    remove_card(card=card)


@transaction.atomic
def close_company(*, company: Company, by: User | None, at: datetime) -> Company:
    """Issue the active bill, end the plan, let go of the cards, lock the credits.

    :raises CompanyNotOpen: if it is closed already
    """
    company = lock_company(company)
    if not company.is_open:
        raise CompanyNotOpen
    customer = Customer.objects.select_related("location", "company").get(company=company)
    stop_plans(customer=customer, by=by, at=at)
    release_cards(customer=customer)  # a payment that settles holds the wallet before its card
    company.state, company.closed_at = Company.State.CLOSED, at
    company.save(update_fields=["state", "closed_at"])
    _audit("company closed", company, by=by, at=at)
    _tell(company, users_of(customer), Notification.Kind.COMPANY_CLOSED, at=at)
    return company


@transaction.atomic
def reopen_company(*, company: Company, by: User | None, at: datetime) -> Company:
    """Open a closed company again: its members and credits are there, its plan and cards are not.

    :raises CompanyNotClosed: if it is open
    """
    company = lock_company(company)
    if company.is_open:
        raise CompanyNotClosed
    company.state, company.closed_at = Company.State.OPEN, None
    company.save(update_fields=["state", "closed_at"])
    _audit("company reopened", company, by=by, at=at)
    return company


def leave_companies(*, member: Member, by: User | None, at: datetime) -> None:
    """Take somebody out of all their companies, in the transaction that ends the membership.

    :raises KeepsAManager: if they are the last manager of an open one
    """
    for place in CompanyMember.objects.filter(member=member).order_by("company_id"):
        with suppress(NotInThisCompany):  # a manager was quicker
            remove_from_company(place=place, by=by, at=at)


def lock_managed(company: Company, *, by: User | None) -> Company:
    """Lock a company that `by` manages as an active member; invitations are locked before it.

    :raises NoLongerManager: if they don't, or not any more
    """
    company = lock_company(company)
    own = CompanyMember.objects.managers().filter(company=company, member__user=by)
    if not own.filter(member__state=Member.State.ACTIVE).exists():
        raise NoLongerManager
    return company


def lock_company(company: Company) -> Company:
    return (
        Company.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location")
        .get(pk=company.pk)
    )


def _lock_names(location: Location) -> None:
    """Names are compared one admin after the other."""
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)


def _refuse_name(name: str, *, but: Company | None = None) -> None:
    others = Company.objects.filter(name__iexact=name)
    if but:
        others = others.exclude(pk=but.pk)
    if others.first():
        raise CompanyNameTaken


def _lock_place(place: CompanyMember, *, manager: User | None = None) -> CompanyMember:
    """Lock the company first: whether it keeps a manager is decided by one at a time."""
    company = Company(pk=place.company_id)
    company = lock_managed(company, by=manager) if manager else lock_company(company)
    locked = (
        CompanyMember.objects.select_for_update(no_key=True, of=("self",))
        .select_related("company__location", "member__user")
        .filter(pk=place.pk)
        .first()
    )
    if locked is None:
        raise NotInThisCompany
    return locked


def _refuse_last_manager(place: CompanyMember) -> None:
    others = CompanyMember.objects.managers().filter(company=place.company).exclude(pk=place.pk)
    if place.company.is_open and not others.exists():
        raise KeepsAManager(place.company)


def _facts(place: CompanyMember) -> dict[str, Any]:
    return {
        "member": place.member_id,
        "role": place.role,
        "may_use_card": place.may_use_card,
        "may_use_bill": place.may_use_bill,
    }


def _audit(action: str, company: Company, *, by: User | None, at: datetime, **facts: Any) -> None:
    subject = f"company {company.pk}"
    record_audit(location=company.location, by=by, action=action, subject=subject, at=at, **facts)


def _tell(company: Company, user_ids: list[int], kind: Notification.Kind, *, at: datetime) -> None:
    notify(
        location=company.location,
        user_ids=user_ids,
        kind=kind,
        facts={"company": company.name, "company_id": company.pk},
        key=f"{kind}:{company.pk}:{at.isoformat()}",
        at=at,
    )
