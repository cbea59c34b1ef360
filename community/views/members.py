from django.db.models.functions import Lower
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from community.access import LocationRequest, for_staff
from community.forms import MemberFilter
from community.models import CompanyMember, Member
from community.views.customers import credits_of, find_customer, page_of
from community.views.holdings import latest, paid_this_year
from community.views.sections import counts
from membership.views.inviting import ways_in


@require_GET
@for_staff
def members(request: LocationRequest, slug: str) -> HttpResponseBase:
    chosen = MemberFilter(request.GET)
    if chosen.chosen_state == Member.State.INVITED:
        return redirect("community:invitations", slug)
    found = Member.objects.visible_to(request.principal).search(chosen.words)
    if chosen.chosen_state:
        found = found.filter(state=chosen.chosen_state)
    found = found.select_related("user").annotate(balance=credits_of("customer__wallet"))
    return render(
        request,
        "community/members.html",
        {
            "filter": chosen,
            "page": page_of(request, found.order_by(Lower("user__name"), "pk")),
            **counts(request),
            **ways_in(request),
        },
    )


@require_GET
@for_staff
def overview(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    customer = find_customer(request, member_id=member_id)
    places = CompanyMember.objects.filter(member_id=member_id).select_related("company")
    return render(
        request,
        "community/member_overview.html",
        {
            **latest(request, customer),
            "paid": paid_this_year(customer, now()),
            "places": places.order_by("company__name"),
        },
    )
