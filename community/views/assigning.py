"""The Plan page of a member or a company: which they have, assigned, changed and ended."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.forms.plans import AssignForm, BillForm, ChangePlanForm, WhenForm
from community.models import Customer, Member
from community.views.customers import back_to, find_customer
from membership.models import Plan, PlanAssignment
from membership.selectors import plan_standing
from membership.services.assigning import (
    Effect,
    NoPlanToEnd,
    PlanWish,
    When,
    assign_plan,
    change_bill_permission,
    effect_of,
    end_plan,
    replace_plan,
    withdraw_coming_plan,
)
from membership.services.periods import Period, local_day, period_on
from membership.services.quotes import quote_fee

PAST_PER_PAGE = 10


@dataclass(frozen=True)
class Beginning:
    """What a plan charges and gives when it begins on a day."""

    plan: Plan
    period: Period
    total_minor: int


@require_GET
@for_staff
def member_plan(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    return show_plan(request, find_customer(request, member_id=member_id))


@require_GET
@for_staff
def company_plan(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    return show_plan(request, find_customer(request, company_id=company_id))


def show_plan(
    request: LocationRequest, customer: Customer, *, form: AssignForm | None = None
) -> HttpResponseBase:
    """Show the Plan page of a customer; a form that was refused comes back on it."""
    at = now()
    standing = plan_standing(customer_id=customer.pk, location=request.location, at=at)
    past = Paginator(standing.past, PAST_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "community/customer_plan.html",
        {
            "customer": customer,
            "standing": standing,
            "past": past,
            "may_assign": request.principal.is_admin and _may_have_a_plan(customer),
            "form": form or AssignForm(customer=customer, at=at),
            "has_plans": Plan.objects.on_offer().exists(),
        },
    )


@require_POST
@for_admins
def assign(request: LocationRequest, slug: str, customer_id: int) -> HttpResponseBase:
    customer, at = _customer(request, customer_id), now()
    form = AssignForm(request.POST, customer=customer, at=at)
    if form.is_valid():
        try:
            assignment = assign_plan(customer=customer, by=request.user, at=at, **form.facts())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            words = _("%(customer)s has the plan %(plan)s.")
            if assignment.starts_on > local_day(request.location, at):
                words = _("%(customer)s gets the plan %(plan)s.")
            messages.success(request, words % {"customer": customer, "plan": assignment.plan})
            return back_to(request, customer, "plan")
    return show_plan(request, customer, form=form)


@require_http_methods(["GET", "POST"])
@for_admins
def change(request: LocationRequest, slug: str, customer_id: int) -> HttpResponseBase:
    """Choose the plan that is to follow, read what that does, confirm it."""
    customer, at = _customer(request, customer_id), now()
    current = _current(customer, at)
    if current is None:
        return _no_plan(request, customer)
    initial = {"bill_enabled": current.bill_enabled, "bill_for": current.bill_for}
    form = ChangePlanForm(request.POST or None, customer=customer, initial=initial)
    context = {"customer": customer, "current": current, "form": form}
    if not form.is_valid():
        return render(request, "community/change_plan.html", context)
    when = form.cleaned_data["when"]
    try:
        effect = effect_of(customer=customer, when=when, at=at)
    except NoPlanToEnd:  # ended since the request began
        return _no_plan(request, customer)
    beginning = _beginning(form.cleaned_data["plan"], effect, customer)
    seen = _fingerprint(current.pk, effect, beginning, beginning.plan.monthly_credits, form.wish)
    if form.has_seen(seen):
        return _change(request, customer, form.wish, when, at=at)
    context |= {"effect": effect, "beginning": beginning, "seen": seen, "when": when}
    return render(request, "community/confirm_plan.html", context)


@require_http_methods(["GET", "POST"])
@for_admins
def end(request: LocationRequest, slug: str, customer_id: int) -> HttpResponseBase:
    customer, at = _customer(request, customer_id), now()
    current = _current(customer, at)
    if current is None:
        return _no_plan(request, customer)
    try:
        effects = {when: effect_of(customer=customer, when=when, at=at) for when in When}
    except NoPlanToEnd:
        return _no_plan(request, customer)
    seen = _fingerprint(current.pk, effects)
    form = WhenForm(request.POST or None)
    if form.is_valid() and form.has_seen(seen):
        return _end(request, customer, form.cleaned_data["when"], at=at)
    context = {
        "customer": customer,
        "current": current,
        "form": form,
        "seen": seen,
        "later": effects[When.NEXT_PERIOD],
        "at_once": effects[When.NOW],
    }
    return render(request, "community/end_plan.html", context)


@require_http_methods(["GET", "POST"])
@for_admins
def bill_permission(request: LocationRequest, slug: str, assignment_id: int) -> HttpResponseBase:
    assignment = _assignment(request, assignment_id)
    customer = assignment.customer
    initial = {"bill_enabled": assignment.bill_enabled, "bill_for": assignment.bill_for}
    posted = request.POST if request.method == "POST" else None  # a box unticked posts nothing
    form = BillForm(posted, customer=customer, initial=initial)
    if form.is_valid():
        try:
            change_bill_permission(
                assignment_id=assignment_id, by=request.user, at=now(), **form.bill_terms
            )
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
        else:
            messages.success(request, _("Payment by bill saved."))
        return back_to(request, customer, "plan")
    context = {"customer": customer, "assignment": assignment, "form": form}
    return render(request, "community/bill_permission.html", context)


@require_POST
@for_admins
def withdraw(request: LocationRequest, slug: str, assignment_id: int) -> HttpResponseBase:
    customer = _assignment(request, assignment_id).customer
    try:
        withdraw_coming_plan(assignment_id=assignment_id, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The coming plan is withdrawn."))
    return back_to(request, customer, "plan")


def _change(
    request: LocationRequest, customer: Customer, wish: PlanWish, when: When, *, at: datetime
) -> HttpResponseBase:
    try:
        assignment = replace_plan(customer=customer, wish=wish, when=when, by=request.user, at=at)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The plan changes to %(plan)s.") % {"plan": assignment.plan})
    return back_to(request, customer, "plan")


def _end(
    request: LocationRequest, customer: Customer, when: When, *, at: datetime
) -> HttpResponseBase:
    try:
        end_plan(customer=customer, when=when, by=request.user, at=at)
    except NoPlanToEnd as refusal:
        messages.error(request, refusal.messages[0])
    else:
        done = _("The plan has ended.") if when is When.NOW else _("The plan ends with its period.")
        messages.success(request, done)
    return back_to(request, customer, "plan")


def _no_plan(request: LocationRequest, customer: Customer) -> HttpResponseBase:
    messages.error(request, NoPlanToEnd().messages[0])
    return back_to(request, customer, "plan")


def _fingerprint(*facts: object) -> str:
    """Of what was shown: if it is another by the time it is confirmed, it is shown again."""
    return sha256(repr(facts).encode()).hexdigest()


def _beginning(plan: Plan, effect: Effect, customer: Customer) -> Beginning:
    period = period_on(effect.from_day, starts_on=effect.from_day)
    return Beginning(plan, period, quote_fee(plan, customer).amount.total_minor)


def _may_have_a_plan(customer: Customer) -> bool:
    if customer.company:
        return customer.company.is_open
    assert customer.member
    return customer.member.state in {Member.State.ACTIVE, Member.State.SUSPENDED}


def _current(customer: Customer, at: datetime) -> PlanAssignment | None:
    today = local_day(customer.location, at)
    running = PlanAssignment.objects.filter(customer=customer).on(today)
    found: PlanAssignment | None = running.select_related("plan").first()
    return found


def _customer(request: LocationRequest, customer_id: int) -> Customer:
    known = (
        Customer.objects.visible_to(request.principal)
        .with_who()
        .select_related("location", "billing_details")
    )
    customer: Customer = get_object_or_404(known, pk=customer_id)
    return customer


def _assignment(request: LocationRequest, assignment_id: int) -> PlanAssignment:
    known = PlanAssignment.objects.select_related(
        "plan", "customer__member__user", "customer__company"
    )
    assignment: PlanAssignment = get_object_or_404(known, pk=assignment_id)
    return assignment
