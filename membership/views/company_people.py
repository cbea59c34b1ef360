"""Membership > a company's people: its managers invite and remove, its members read the names."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest, for_members
from community.forms.companies import CompanyRoleForm, InviteToCompanyForm
from community.models import Company, CompanyMember
from community.principals import CompanyStanding
from community.views.customers import page_of
from config.broker import send_soon
from membership.models import Invitation
from membership.services.companies import change_company_role, remove_from_company
from membership.services.company_invitations import (
    invite_to_company,
    resend_company_invitation,
    revoke_company_invitation,
)
from membership.tasks import send_invitation
from membership.views.inviting import rows_of

INVITED_SHOWN = 25
View = Callable[..., HttpResponseBase]


def for_managers(view: View) -> View:
    """Active managers of the company in the address, who get it as `company`.

    To whom doesn't belong to it, it does not exist.
    """

    @wraps(view)
    @for_members
    def wrapper(
        request: LocationRequest, /, slug: str, company_id: int, **ids: int
    ) -> HttpResponseBase:
        standing = _standing(request, company_id)
        if not (standing.is_manager and request.principal.may_buy):
            raise PermissionDenied(_("Only managers of the company may do this."))
        return view(request, Company.objects.get(pk=company_id), **ids)

    return wrapper


@require_GET
@for_members
def people(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    _standing(request, company_id)
    return _page(request, Company.objects.get(pk=company_id))


@require_POST
@for_managers
def invite(request: LocationRequest, company: Company) -> HttpResponseBase:
    form = InviteToCompanyForm(request.POST)
    if not form.is_valid():
        return _page(request, company, form=form)
    email = form.cleaned_data["email"]
    try:
        made = invite_to_company(company=company, email=email, by=request.user, at=now())
    except ValidationError as refusal:
        form.add_error("email", refusal)
        return _page(request, company, form=form)
    if isinstance(made, Invitation):
        _send(made)
        words = _("An invitation is on its way to %(who)s.") % {"who": made.email}
    else:
        words = _("%(who)s is in the company now.") % {"who": made.member}
    messages.success(request, words)
    return _back(request, company)


@require_POST
@for_managers
def change_role(request: LocationRequest, company: Company, place_id: int) -> HttpResponseBase:
    place, form = _place(company, place_id), CompanyRoleForm(request.POST)
    if form.is_valid():
        try:
            change_company_role(
                place=place, by=request.user, at=now(), as_manager=True, **form.cleaned_data
            )
        except ValidationError as refusal:
            return _page(request, company, refusal=refusal)
        role = form.cleaned_data["role"].label
        messages.success(request, _("%(name)s: %(role)s.") % {"name": place.member, "role": role})
    return _back(request, company)


@require_POST
@for_managers
def remove(request: LocationRequest, company: Company, place_id: int) -> HttpResponseBase:
    place = _place(company, place_id)
    try:
        remove_from_company(place=place, by=request.user, at=now(), as_manager=True)
    except ValidationError as refusal:
        return _page(request, company, refusal=refusal)
    words = _("%(name)s is no longer in the company.") % {"name": place.member}
    messages.success(request, words)
    if place.member_id == request.principal.member_id:
        return redirect("membership:credits", request.location.slug)
    return _back(request, company)


@require_POST
@for_managers
def resend(request: LocationRequest, company: Company, invitation_id: int) -> HttpResponseBase:
    invitation = _invitation(company, invitation_id)
    try:
        resend_company_invitation(invitation=invitation, by=request.user, at=now())
    except ValidationError as refusal:
        return _page(request, company, refusal=refusal)
    _send(invitation)
    words = _("A new invitation is on its way to %(email)s. The earlier link stops working.")
    messages.success(request, words % {"email": invitation.email})
    return _back(request, company)


@require_POST
@for_managers
def revoke(request: LocationRequest, company: Company, invitation_id: int) -> HttpResponseBase:
    invitation = _invitation(company, invitation_id)
    try:
        revoke_company_invitation(invitation=invitation, by=request.user, at=now())
    except ValidationError as refusal:
        return _page(request, company, refusal=refusal)
    words = _("The invitation of %(email)s is taken back.") % {"email": invitation.email}
    messages.success(request, words)
    return _back(request, company)


def _standing(request: LocationRequest, company_id: int) -> CompanyStanding:
    for standing in request.principal.companies:
        if standing.company_id == company_id:
            return standing
    raise Http404


def _page(
    request: LocationRequest,
    company: Company,
    *,
    form: InviteToCompanyForm | None = None,
    refusal: ValidationError | None = None,
) -> HttpResponseBase:
    """Show who is in the company; what only its managers see is read for them alone."""
    standing = _standing(request, company.pk)
    people = CompanyMember.objects.filter(company=company).by_name()
    context: dict[str, Any] = {
        "company": company,
        "is_manager": standing.is_manager,
        "may_manage": standing.is_manager and request.principal.may_buy,
        "page": page_of(request, people),
        "refusal": refusal.messages[0] if refusal else "",
    }
    if standing.is_manager:
        invited = Invitation.objects.open().filter(company=company).order_by("-pk")
        context |= {
            "invited": rows_of(invited[:INVITED_SHOWN]),
            "more_invited": invited.count() > INVITED_SHOWN,
            "form": form or InviteToCompanyForm(),
        }
    return render(request, "membership/company_people.html", context)


def _place(company: Company, place_id: int) -> CompanyMember:
    known = CompanyMember.objects.filter(company=company).select_related("member__user")
    place: CompanyMember = get_object_or_404(known, pk=place_id)
    return place


def _invitation(company: Company, invitation_id: int) -> Invitation:
    own = Invitation.objects.open().filter(company=company)
    invitation: Invitation = get_object_or_404(own, pk=invitation_id)
    return invitation


def _send(invitation: Invitation) -> None:
    send_soon(send_invitation, location_id=invitation.location_id, invitation_id=invitation.pk)


def _back(request: LocationRequest, company: Company) -> HttpResponseBase:
    return redirect("membership:company_people", request.location.slug, company.pk)
