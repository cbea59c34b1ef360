"""Community > Bills > Open a bill: choose the customer who has none open and no plan."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from billing.models import Bill
from community.access import LocationRequest, for_admins
from community.forms.bills import CustomerSearch
from community.models import Company, Customer, Member
from community.views.bills import today
from community.views.customers import page_of
from membership.models import PlanAssignment


@require_GET
@for_admins
def choose(request: LocationRequest, slug: str) -> HttpResponseBase:
    search = CustomerSearch(request.GET)
    return render(
        request,
        "community/open_bill.html",
        {"search": search, "page": page_of(request, _to_be_billed(request, search.words))},
    )


def _to_be_billed(request: LocationRequest, words: str) -> QuerySet[Customer]:
    """Those here now who have no open bill and no plan that opens bills itself."""
    bills = Bill.objects.active().filter(customer=OuterRef("pk"))
    plans = PlanAssignment.objects.on(today()).filter(customer=OuterRef("pk"))
    found: QuerySet[Customer] = (
        Customer.objects.visible_to(request.principal)
        .search(words)
        .filter(
            Q(company__state=Company.State.OPEN)
            | Q(member__state__in=[Member.State.ACTIVE, Member.State.SUSPENDED])
        )
        .filter(~Exists(bills), ~Exists(plans))
        .with_who()
        .order_by("company__name", "member__user__name", "pk")
    )
    return found
