"""What the team does to members, companies and customers in the admin."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from community.desk.acts import Act, Doing, ReasonForm
from community.forms.companies import CompanyRoleForm, PlaceForm, RenameForm
from community.forms.joining import ReasonForm as ReasonForMemberForm
from community.models import Company, CompanyMember, Customer, Member
from credits.forms import DeductForm, GiveForm
from credits.services.giving import deduct_credits, give_credits
from membership.services.companies import (
    change_company_role,
    close_company,
    put_in_company,
    remove_from_company,
    rename_company,
    reopen_company,
)
from membership.services.joining import reactivate_member, suspend_member
from membership.services.leaving import remove_member


def _give(customer: Customer, doing: Doing) -> None:
    about: dict[str, Any] = {"by": doing.by, "principal": doing.principal, "at": doing.at}
    give_credits(customer=customer, **about, **doing.form.facts())


def _deduct(customer: Customer, doing: Doing) -> None:
    about: dict[str, Any] = {"by": doing.by, "principal": doing.principal, "at": doing.at}
    deduct_credits(customer=customer, **about, **doing.form.facts())


give = Act(
    "give",
    _("Give credits"),
    _give,
    form=lambda data, customer: GiveForm(data, location=customer.location, prefix="give"),
    keeps_reason=True,
)
deduct = Act(
    "deduct",
    _("Deduct credits"),
    _deduct,
    form=lambda data, customer: DeductForm(data, location=customer.location, prefix="deduct"),
    keeps_reason=True,
)


def _suspend(member: Member, doing: Doing) -> None:
    suspend_member(member=member, reason=doing.reason, by=doing.by, at=doing.at)


def _reactivate(member: Member, doing: Doing) -> None:
    reactivate_member(member=member, by=doing.by, at=doing.at)


def _remove(member: Member, doing: Doing) -> None:
    remove_member(member=member, reason=doing.reason, by=doing.by, at=doing.at)


def _rename(company: Company, doing: Doing) -> None:
    rename_company(company=company, by=doing.by, at=doing.at, **doing.form.cleaned_data)


def _put_in(company: Company, doing: Doing) -> None:
    put_in_company(company=company, by=doing.by, at=doing.at, **doing.form.cleaned_data)


def _close(company: Company, doing: Doing) -> None:
    close_company(company=company, by=doing.by, at=doing.at)


def _reopen(company: Company, doing: Doing) -> None:
    reopen_company(company=company, by=doing.by, at=doing.at)


def _change_role(place: CompanyMember, doing: Doing) -> None:
    change_company_role(place=place, by=doing.by, at=doing.at, **doing.form.cleaned_data)


def _take_out(place: CompanyMember, doing: Doing) -> None:
    remove_from_company(place=place, by=doing.by, at=doing.at)


def _place_form(data: Any, company: Company) -> PlaceForm:
    active = Member.objects.filter(location=company.location, state=Member.State.ACTIVE)
    return PlaceForm(data, among=active)


suspend = Act(
    "suspend",
    _("Suspend"),
    _suspend,
    form=lambda data, _member: ReasonForMemberForm(data),
    offered=lambda member: member.state == Member.State.ACTIVE,
    warning=_("They see their balance and pay bills, and can neither buy nor spend."),
    keeps_reason=True,
    admins_only=True,
)
reactivate = Act(
    "reactivate",
    _("Reactivate"),
    _reactivate,
    form=lambda data, _member: ReasonForm(data),
    offered=lambda member: member.state == Member.State.SUSPENDED,
    warning=_("They can buy and spend again."),
    admins_only=True,
)
remove = Act(
    "remove",
    _("End the membership"),
    _remove,
    form=lambda data, _member: ReasonForMemberForm(data),
    offered=lambda member: member.state in {Member.State.ACTIVE, Member.State.SUSPENDED},
    warning=_(
        "The open bill is issued, the plan ends, saved cards are let go, and they leave their"
        " companies. Their credits stay on record and come back if they do."
    ),
    keeps_reason=True,
    admins_only=True,
)
rename = Act(
    "rename",
    _("Rename"),
    _rename,
    form=lambda data, company: RenameForm(data, initial={"name": company.name}),
    warning=_("Past documents keep the name they had."),
    keeps_reason=True,
    admins_only=True,
)
put_in = Act(
    "put-in",
    _("Add member"),
    _put_in,
    form=_place_form,
    offered=lambda company: company.is_open,
    warning=_("They may use the company's money only when a manager permits it."),
    keeps_reason=True,
    admins_only=True,
)
close = Act(
    "close",
    _("Close company"),
    _close,
    form=lambda data, _company: ReasonForm(data),
    offered=lambda company: company.is_open,
    warning=_(
        "The open bill is issued, the plan ends, saved cards are let go, and its credits can't be"
        " spent until it is reopened."
    ),
    admins_only=True,
)
reopen = Act(
    "reopen",
    _("Reopen"),
    _reopen,
    form=lambda data, _company: ReasonForm(data),
    offered=lambda company: not company.is_open,
    warning=_("Its members and credits are there again; plan and cards are not."),
    admins_only=True,
)
change_role = Act(
    "role",
    _("Change role"),
    _change_role,
    form=lambda data, place: CompanyRoleForm(data, initial={"role": place.role}),
    keeps_reason=True,
    admins_only=True,
)
take_out = Act(
    "take-out",
    _("Remove from company"),
    _take_out,
    form=lambda data, _place: ReasonForm(data),
    warning=_("What they were about to buy for it is refused from then on."),
    admins_only=True,
    ends_row=True,
)
