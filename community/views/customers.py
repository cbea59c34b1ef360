"""What the pages of a member and of a company have in common: the customer behind them."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import DecimalField, F, Model, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from community.access import LocationRequest
from community.models import Customer

M = TypeVar("M", bound=Model)
PER_PAGE = 25


def find_customer(
    request: LocationRequest, *, member_id: int | None = None, company_id: int | None = None
) -> Customer:
    """Find the customer of a member or a company that the reader may see, with their balance."""
    known = (
        Customer.objects.visible_to(request.principal)
        .with_who()
        .select_related("location")
        .annotate(balance=credits_of("wallet"), held=credits_of("wallet", "held"))
        .annotate(available=F("balance") - F("held"))
    )
    if company_id is not None:
        found: Customer = get_object_or_404(known, company_id=company_id)
    else:
        found = get_object_or_404(known, member_id=member_id)
    return found


def credits_of(wallet: str, which: str = "balance") -> Coalesce:
    """The credits in a wallet, by the way to it: who never had any has no wallet yet."""
    return Coalesce(F(f"{wallet}__{which}"), Value(0), output_field=DecimalField(decimal_places=2))


def page_of(request: LocationRequest, rows: QuerySet[M]) -> Page[M]:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def address_of(request: LocationRequest, customer: Customer, page: str) -> str:
    """The address of one of a customer's pages: "credits" is member_credits or company_credits."""
    kind, id_ = (
        ("company", customer.company_id) if customer.company else ("member", customer.member_id)
    )
    name = f"community:{kind}" if page == "overview" else f"community:{kind}_{page}"
    return reverse(name, args=[request.location.slug, id_])


def back_to(request: LocationRequest, customer: Customer, page: str) -> HttpResponseBase:
    return redirect(address_of(request, customer, page))
