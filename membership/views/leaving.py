"""Suspending and removing members, leaving, and what stays open to those who left."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.models import Receipt
from community.access import LocationRequest, for_admins, for_members
from community.answers import lead_to
from community.forms.joining import ReasonForm
from community.models import Customer, Member
from credits.models import Wallet
from membership.models import JoinRequest
from membership.services.companies import KeepsAManager
from membership.services.joining import NotInThatState, reactivate_member, suspend_member
from membership.services.leaving import leave_location, remove_member
from membership.services.stopping import StoppingEffect, effect_of_stopping

PER_PAGE = 25


@require_http_methods(["GET", "POST"])
@for_admins
def suspend(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    return _with_reason(
        request,
        member_id,
        suspend_member,
        news="member_suspended",
        done=_("The membership is suspended."),
    )


@require_http_methods(["GET", "POST"])
@for_admins
def remove(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    return _with_reason(
        request,
        member_id,
        remove_member,
        news="member_removed",
        done=_("The membership has ended."),
        effect_of=_effect_of_ending,
    )


@require_POST
@for_admins
def reactivate(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    member = _member(request, member_id)
    try:
        reactivate_member(member=member, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The membership is active again."))
    return redirect("community:member", slug, member_id)


@require_http_methods(["GET", "POST"])
@for_members
def leave(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Say what happens to plan, bill, credits and documents; by POST, leave."""
    refusal = ""
    member = Member.objects.select_related("location").get(pk=request.principal.member_id)
    if request.method == "POST":
        try:
            leave_location(member=member, at=now())
        except KeepsAManager as refused:
            refusal = refused.messages[0]
        except NotInThatState:
            return redirect("community:former", slug)  # ended meanwhile: the page is the same
        else:
            return redirect("community:former", slug)
    context = {"refusal": refusal, "effect": _effect_of_ending(member)}
    return render(request, "membership/joining/leave.html", context)


@require_GET
def former(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Keep a former member's own documents open to them."""
    if not request.principal.is_former:
        return redirect("community:home", slug)
    own = Receipt.objects.filter(customer_id=request.principal.customer_id).order_by("-sequence")
    return render(
        request,
        "membership/joining/former.html",
        {
            "page": Paginator(own, PER_PAGE).get_page(request.GET.get("page")),
            "wallet": Wallet.objects.filter(customer_id=request.principal.customer_id).first(),
            "has_asked": JoinRequest.objects.open().filter(user=request.user).exists(),
        },
    )


def _with_reason(
    request: LocationRequest,
    member_id: int,
    act: Callable[..., Member],
    *,
    news: str,
    done: str,
    effect_of: Callable[[Member], StoppingEffect | None] | None = None,
) -> HttpResponseBase:
    member = _member(request, member_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            act(member=member, by=request.user, at=now(), **form.cleaned_data)
        except KeepsAManager as refusal:  # said where they go on: here, with the reason kept
            form.add_error(None, refusal)
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
            return _to_member(request, member)
        else:
            messages.success(request, done)
            return _to_member(request, member)
    effect = effect_of(member) if effect_of else None
    return render(
        request,
        f"membership/joining/{news}.html",
        {"member": member, "reason_form": form, "effect": effect},
    )


def _effect_of_ending(member: Member) -> StoppingEffect | None:
    """What becomes of plan and bill; a member who never had any may have no customer."""
    customer = Customer.objects.filter(member=member).select_related("location").first()
    return effect_of_stopping(customer=customer, at=now()) if customer else None


def _to_member(request: LocationRequest, member: Member) -> HttpResponseBase:
    address = reverse("community:member", args=[request.location.slug, member.pk])
    return lead_to(request, address)


def _member(request: LocationRequest, member_id: int) -> Member:
    known = Member.objects.visible_to(request.principal).select_related("user", "location")
    member: Member = get_object_or_404(known, pk=member_id)
    return member
