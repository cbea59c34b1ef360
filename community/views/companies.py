"""Community > Companies: the list, a company's Overview with its people, closing and reopening."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.forms.companies import (
    CompanyFilter,
    CompanyForm,
    CompanyRoleForm,
    PlaceForm,
    RenameForm,
)
from community.models import Company, CompanyMember, Customer, Member
from community.views.customers import back_to, credits_of, find_customer, page_of
from community.views.holdings import latest, paid_this_year
from community.views.sections import counts
from membership.models import PlanAssignment
from membership.services.companies import (
    add_company,
    change_company_role,
    close_company,
    put_in_company,
    remove_from_company,
    rename_company,
    reopen_company,
)
from membership.services.company_closing import effect_of_closing
from membership.services.periods import local_day


@require_GET
@for_staff
def companies(request: LocationRequest, slug: str) -> HttpResponseBase:
    chosen = CompanyFilter(request.GET)
    found = Company.objects.visible_to(request.principal).search(chosen.words)
    if state := chosen.chosen_state:
        found = found.filter(state=state)
    found = found.annotate(people_count=Count("people"), balance=credits_of("customer__wallet"))
    return render(
        request,
        "community/companies.html",
        {
            "filter": chosen,
            "words": chosen.words,
            "state": Company.State(state) if state else "",
            "page": page_of(request, found.order_by(Lower("name"), "pk")),
            **counts(request),
        },
    )


@require_http_methods(["GET", "POST"])
@for_admins
def add(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = CompanyForm(request.POST or None, among=_active())
    if form.is_valid():
        try:
            company = add_company(
                location=request.location,
                name=form.cleaned_data["name"],
                manager=form.cleaned_data["member"],
                by=request.user,
                at=now(),
            )
        except ValidationError as refusal:
            form.add_error(None if hasattr(refusal, "error_dict") else "member", refusal)
        else:
            messages.success(request, _("%(name)s is added.") % {"name": company})
            return redirect("community:company", slug, company.pk)
    return render(request, "community/company_form.html", {"form": form})


@require_GET
@for_staff
def overview(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    return show_overview(request, find_customer(request, company_id=company_id))


def show_overview(
    request: LocationRequest,
    customer: Customer,
    *,
    place_form: PlaceForm | None = None,
    rename_form: RenameForm | None = None,
    refusal: ValidationError | None = None,
) -> HttpResponseBase:
    """Show a company's Overview; a form that was refused comes back open."""
    people = CompanyMember.objects.filter(company=customer.company)
    company = _company(customer)
    return render(
        request,
        "community/company_overview.html",
        {
            **latest(request, customer),
            "paid": paid_this_year(customer, now()),
            "plan": _plan(customer),
            "people": page_of(request, people.by_name()),
            "lacks_manager": company.is_open and not people.managers().exists(),
            "place_form": place_form or PlaceForm(among=_outside(customer)),
            "rename_form": rename_form or RenameForm(initial={"name": customer.name}),
            "refusal": refusal.messages[0] if refusal else "",
        },
    )


@require_POST
@for_admins
def rename(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    customer = find_customer(request, company_id=company_id)
    form = RenameForm(request.POST)
    if form.is_valid():
        try:
            rename_company(
                company=_company(customer), by=request.user, at=now(), **form.cleaned_data
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The company has a new name."))
            return back_to(request, customer, "overview")
    return show_overview(request, customer, rename_form=form)


@require_POST
@for_admins
def add_person(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    customer = find_customer(request, company_id=company_id)
    form = PlaceForm(request.POST, among=_active())
    if form.is_valid():
        try:
            place = put_in_company(
                company=_company(customer), by=request.user, at=now(), **form.cleaned_data
            )
        except ValidationError as refusal:
            form.add_error("member", refusal)
        else:
            words = _("%(name)s is in the company now.") % {"name": place.member}
            messages.success(request, words)
            return back_to(request, customer, "overview")
    return show_overview(request, customer, place_form=form)


@require_POST
@for_admins
def change_role(
    request: LocationRequest, slug: str, company_id: int, place_id: int
) -> HttpResponseBase:
    customer = find_customer(request, company_id=company_id)
    place, form = _place(customer, place_id), CompanyRoleForm(request.POST)
    if form.is_valid():
        try:
            change_company_role(place=place, by=request.user, at=now(), **form.cleaned_data)
        except ValidationError as refusal:
            return show_overview(request, customer, refusal=refusal)
        role = form.cleaned_data["role"].label
        messages.success(request, _("%(name)s: %(role)s.") % {"name": place.member, "role": role})
    return back_to(request, customer, "overview")


@require_POST
@for_admins
def remove_person(
    request: LocationRequest, slug: str, company_id: int, place_id: int
) -> HttpResponseBase:
    customer = find_customer(request, company_id=company_id)
    place = _place(customer, place_id)
    try:
        remove_from_company(place=place, by=request.user, at=now())
    except ValidationError as refusal:
        return show_overview(request, customer, refusal=refusal)
    words = _("%(name)s is no longer in the company.") % {"name": place.member}
    messages.success(request, words)
    return back_to(request, customer, "overview")


@require_http_methods(["GET", "POST"])
@for_admins
def close(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    """Say what closing does; by POST, close."""
    customer = find_customer(request, company_id=company_id)
    company, refusal = _company(customer), ""
    if request.method == "POST":
        try:
            close_company(company=company, by=request.user, at=now())
        except ValidationError as refused:
            refusal = refused.messages[0]
        else:
            messages.success(request, _("%(name)s is closed.") % {"name": company})
            return back_to(request, customer, "overview")
    elif not company.is_open:
        return back_to(request, customer, "overview")
    effect = effect_of_closing(customer=customer, at=now())
    context: dict[str, Any] = {"customer": customer, "effect": effect, "refusal": refusal}
    return render(request, "community/close_company.html", context)


@require_POST
@for_admins
def reopen(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    customer = find_customer(request, company_id=company_id)
    try:
        company = reopen_company(company=_company(customer), by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("%(name)s is open again.") % {"name": company})
    return back_to(request, customer, "overview")


def _active() -> QuerySet[Member]:
    active: QuerySet[Member] = Member.objects.filter(state=Member.State.ACTIVE)
    return active


def _outside(customer: Customer) -> QuerySet[Member]:
    return _active().exclude(company_places__company=customer.company)


def _company(customer: Customer) -> Company:
    assert customer.company
    return customer.company


def _place(customer: Customer, place_id: int) -> CompanyMember:
    known = CompanyMember.objects.filter(company=customer.company).select_related("member__user")
    place: CompanyMember = get_object_or_404(known, pk=place_id)
    return place


def _plan(customer: Customer) -> PlanAssignment | None:
    today = local_day(customer.location, now())
    plans = PlanAssignment.objects.filter(customer=customer).on(today).select_related("plan")
    current: PlanAssignment | None = plans.first()
    return current
