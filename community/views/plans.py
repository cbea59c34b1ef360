"""Plans: what a location offers by the month."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.answers import focus_first_error, lead_to
from community.forms.plans import PlanForm
from community.money import apply_tax
from membership.models import Plan
from membership.services.periods import local_day
from membership.services.plans import (
    PlanExists,
    add_plan,
    archive_plan,
    bring_back_plan,
    change_plan,
)

PER_PAGE = 25


@dataclass(frozen=True)
class PlanRow:
    """A plan with what it costs, tax included, and how many have it today."""

    plan: Plan
    total_minor: int
    customers: int


@require_GET
@for_staff
def plans(request: LocationRequest, slug: str) -> HttpResponseBase:
    today = local_day(request.location, now())
    on_offer = Paginator(Plan.objects.on_offer().with_customers(today), PER_PAGE)
    archived = Paginator(Plan.objects.archived().with_customers(today), PER_PAGE)
    page = on_offer.get_page(request.GET.get("page"))
    return render(
        request,
        "community/plans.html",
        {
            "page": page,
            "rows": [_row(request, plan) for plan in page],
            "archived": archived.get_page(request.GET.get("archived")),
            "form": PlanForm(location=request.location),
        },
    )


@require_http_methods(["GET", "POST"])
@for_admins
def add(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = PlanForm(request.POST or None, location=request.location)
    if form.is_valid():
        try:
            plan = add_plan(
                location=request.location, values=form.values(), by=request.user, at=now()
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return _back(request, _("%(plan)s is on offer.") % {"plan": plan})
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@for_admins
def edit(request: LocationRequest, slug: str, plan_id: int) -> HttpResponseBase:
    plan = get_object_or_404(Plan.objects.on_offer(), pk=plan_id)
    form = PlanForm(request.POST or None, location=request.location, plan=plan)
    if form.is_valid():
        try:
            plan = change_plan(plan_id=plan.pk, values=form.values(), by=request.user, at=now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return _back(request, _("%(plan)s changed.") % {"plan": plan})
    return _form_page(request, form, plan)


@require_POST
@for_admins
def archive(request: LocationRequest, slug: str, plan_id: int) -> HttpResponseBase:
    get_object_or_404(Plan, pk=plan_id)
    plan = archive_plan(plan_id=plan_id, by=request.user, at=now())
    return _back(request, _("%(plan)s archived.") % {"plan": plan})


@require_POST
@for_admins
def bring_back(request: LocationRequest, slug: str, plan_id: int) -> HttpResponseBase:
    get_object_or_404(Plan, pk=plan_id)
    try:
        plan = bring_back_plan(plan_id=plan_id, by=request.user, at=now())
    except PlanExists as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("community:plans", slug)
    return _back(request, _("%(plan)s is on offer again.") % {"plan": plan})


def _row(request: LocationRequest, plan: Plan) -> PlanRow:
    total = apply_tax(plan.price_minor, request.location.tax).total_minor
    return PlanRow(plan, total, plan.customers)  # type: ignore[attr-defined]


def _form_page(
    request: LocationRequest, form: PlanForm, plan: Plan | None = None
) -> HttpResponseBase:
    focus_first_error(form)
    return render(request, "community/plan_form.html", {"form": form, "plan": plan})


def _back(request: LocationRequest, words: str) -> HttpResponseBase:
    messages.success(request, words)
    return lead_to(request, reverse("community:plans", args=[request.location.slug]))
