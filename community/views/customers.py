"""What the pages of a member and of a company have in common: the customer behind them."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from community.access import LocationRequest
from community.models import Customer


def find_customer(
    request: LocationRequest, *, member_id: int | None = None, company_id: int | None = None
) -> Customer:
    """Find the customer of a member or a company that the reader may see; else 404."""
    known = Customer.objects.visible_to(request.principal).with_who().select_related("location")
    if company_id is not None:
        found: Customer = get_object_or_404(known, company_id=company_id)
    else:
        found = get_object_or_404(known, member_id=member_id)
    return found


def address_of(request: LocationRequest, customer: Customer, page: str) -> str:
    """The address of one of a customer's pages: "credits" is member_credits or company_credits."""
    kind, id_ = (
        ("company", customer.company_id) if customer.company else ("member", customer.member_id)
    )
    name = f"community:{kind}" if page == "overview" else f"community:{kind}_{page}"
    return reverse(name, args=[request.location.slug, id_])


def back_to(request: LocationRequest, customer: Customer, page: str) -> HttpResponseBase:
    return redirect(address_of(request, customer, page))
