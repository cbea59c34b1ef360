"""What a member or a company holds and paid: the Credits and the Payments of both."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.models import BillPayment
from community.access import LocationRequest, for_staff
from community.models import Customer
from community.views.customers import address_of, find_customer, page_of
from credits.forms import DeductForm, GiveForm
from credits.models import Entry, Hold, Lot
from credits.selectors import next_lapse
from membership.selectors import with_credit_notes
from payments.models import Transaction

LATEST = 5


@dataclass(frozen=True)
class PaidThisYear:
    """What a customer paid since 1 January at the location, bills too, in minor units.

    Without what was taken back again.
    """

    total_minor: int
    payments: int


@require_GET
@for_staff
def credits(request: LocationRequest, /, slug: str, **whose: int) -> HttpResponseBase:
    return show_credits(request, find_customer(request, **whose))


def show_credits(
    request: LocationRequest,
    customer: Customer,
    *,
    give: GiveForm | None = None,
    deduct: DeductForm | None = None,
) -> HttpResponseBase:
    """Show a customer's Credits; a form that was refused comes back open."""
    lots = Lot.objects.filter(wallet__customer=customer).not_empty().in_spending_order()
    is_company = customer.company_id is not None
    return render(
        request,
        "community/customer_credits.html",
        {
            "customer": customer,
            "lots": lots.select_related("entry"),
            "holds": Hold.objects.soonest_of(customer.pk),
            "next_lapse": next_lapse(customer_id=customer.pk),
            "page": page_of(request, _movements(customer)),
            "give": give or GiveForm(location=request.location, prefix="give"),
            "deduct": deduct or DeductForm(location=request.location, prefix="deduct"),
            "give_to": _booking_at(request, customer, "give"),
            "deduct_from": _booking_at(request, customer, "deduct"),
            "who_reads": _("All its members read it.") if is_company else _("The member reads it."),
        },
    )


@require_GET
@for_staff
def payments(request: LocationRequest, /, slug: str, **whose: int) -> HttpResponseBase:
    customer = find_customer(request, **whose)
    charges = (
        Transaction.objects.visible_to(request.principal).filter(customer=customer).newest_first()
    )
    page = page_of(request, charges.with_what_they_are_for())
    return render(
        request,
        "community/customer_payments.html",
        {
            "customer": customer,
            "paid": paid_this_year(customer, now()),
            "last": charges.charges().filter(state=Transaction.State.SUCCEEDED).first(),
            "page": page,
            "rows": with_credit_notes(page),
        },
    )


def latest(request: LocationRequest, customer: Customer) -> dict[str, Any]:
    """What each Overview shows of credits: the next lapse and the latest movements."""
    return {
        "customer": customer,
        "next_lapse": next_lapse(customer_id=customer.pk),
        "entries": _movements(customer)[:LATEST],
        "all_movements": address_of(request, customer, "credits"),
    }


def paid_this_year(customer: Customer, at: datetime) -> PaidThisYear:
    new_year = localtime(at).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    purchases = Transaction.objects.charges().filter(customer=customer, bill=None)
    found = purchases.filter(state=Transaction.State.SUCCEEDED, settled_at__gte=new_year).aggregate(
        total=Sum(F("amount_minor") - F("taken_back_minor")), payments=Count("pk")
    )
    for_bills = BillPayment.objects.filter(
        bill__customer=customer, paid_on__gte=new_year.date()
    ).aggregate(total=Sum("amount_minor"), payments=Count("pk", filter=Q(amount_minor__gt=0)))
    return PaidThisYear(
        total_minor=(found["total"] or 0) + (for_bills["total"] or 0),
        payments=found["payments"] + for_bills["payments"],
    )


def _booking_at(request: LocationRequest, customer: Customer, action: str) -> str:
    slug = request.location.slug
    if customer.company_id:
        return reverse(f"community:{action}_company_credits", args=[slug, customer.company_id])
    return reverse(f"community:{action}_credits", args=[slug, customer.member_id])


def _movements(customer: Customer) -> QuerySet[Entry]:
    movements: QuerySet[Entry] = (
        Entry.objects.filter(wallet__customer=customer)
        .select_related("purchase__receipt", "made_by")
        .newest_first()
    )
    return movements
