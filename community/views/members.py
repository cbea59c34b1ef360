from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Count, DecimalField, F, Model, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Lower
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_GET

from community.access import LocationRequest, for_staff
from community.forms import MemberFilter
from community.models import Member
from credits.forms import DeductForm, GiveForm
from credits.models import Entry, Lot
from credits.selectors import next_lapse
from membership.views.inviting import ways_in
from payments.models import Transaction

M = TypeVar("M", bound=Model)
PER_PAGE = 25
LATEST = 5


@dataclass(frozen=True)
class PaidThisYear:
    """What a customer paid since 1 January at the location, in minor units."""

    total_minor: int
    payments: int


@require_GET
@for_staff
def members(request: LocationRequest, slug: str) -> HttpResponseBase:
    chosen = MemberFilter(request.GET)
    if chosen.chosen_state == Member.State.INVITED:
        return redirect("community:invitations", slug)
    everyone = Member.objects.visible_to(request.principal)
    found = everyone.search(chosen.words)
    if chosen.chosen_state:
        found = found.filter(state=chosen.chosen_state)
    found = found.select_related("user").annotate(balance=_balance())
    paginator = Paginator(found.order_by(Lower("user__name"), "pk"), PER_PAGE)
    return render(
        request,
        "community/members.html",
        {
            "filter": chosen,
            "page": paginator.get_page(request.GET.get("page")),
            "member_count": everyone.count(),
            **ways_in(request),
        },
    )


@require_GET
@for_staff
def overview(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    member = find_member(request, member_id)
    return render(
        request,
        "community/member_overview.html",
        {
            "member": member,
            "paid": _paid_this_year(member, now()),
            "next_lapse": next_lapse(customer_id=member.customer.pk),
            "entries": _movements(member)[:LATEST],
        },
    )


@require_GET
@for_staff
def credits(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    return show_credits(request, find_member(request, member_id))


def show_credits(
    request: LocationRequest,
    member: Member,
    *,
    give: GiveForm | None = None,
    deduct: DeductForm | None = None,
) -> HttpResponseBase:
    """Show the Credits page of a member; a form that was refused comes back open."""
    lots = Lot.objects.filter(wallet__customer=member.customer).not_empty().in_spending_order()
    return render(
        request,
        "community/member_credits.html",
        {
            "member": member,
            "lots": lots.select_related("entry"),
            "next_lapse": next_lapse(customer_id=member.customer.pk),
            "page": _page(request, _movements(member)),
            "give": give or GiveForm(location=request.location, prefix="give"),
            "deduct": deduct or DeductForm(location=request.location, prefix="deduct"),
        },
    )


@require_GET
@for_staff
def payments(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    member = find_member(request, member_id)
    charges = (
        Transaction.objects.visible_to(request.principal)
        .filter(customer=member.customer)
        .newest_first()
    )
    return render(
        request,
        "community/member_payments.html",
        {
            "member": member,
            "paid": _paid_this_year(member, now()),
            "last": charges.filter(state=Transaction.State.SUCCEEDED).first(),
            "page": _page(request, charges.select_related("purchase__receipt", "made_by")),
        },
    )


def find_member(request: LocationRequest, member_id: int) -> Member:
    """Find a member whom the reader may see, with their balance; else 404."""
    known = (
        Member.objects.visible_to(request.principal)
        .select_related("user", "customer__location")
        .annotate(balance=_balance())
    )
    member: Member = get_object_or_404(known, pk=member_id)
    return member


def _balance() -> Coalesce:
    # Who never had credits has no wallet yet.
    return Coalesce(
        F("customer__wallet__balance"), Value(0), output_field=DecimalField(decimal_places=2)
    )


def _movements(member: Member) -> QuerySet[Entry]:
    movements: QuerySet[Entry] = (
        Entry.objects.filter(wallet__customer=member.customer)
        .select_related("purchase__receipt", "made_by")
        .newest_first()
    )
    return movements


def _page(request: LocationRequest, rows: QuerySet[M]) -> Page[M]:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def _paid_this_year(member: Member, at: datetime) -> PaidThisYear:
    new_year = localtime(at).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    found = Transaction.objects.filter(
        customer=member.customer, state=Transaction.State.SUCCEEDED, settled_at__gte=new_year
    ).aggregate(total=Sum("amount_minor"), payments=Count("pk"))
    return PaidThisYear(total_minor=found["total"] or 0, payments=found["payments"])
