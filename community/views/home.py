from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from analytics.wording import method_words
from billing.models import Bill
from community.access import LocationRequest
from community.principals import Principal
from community.views.attention import needs_a_human
from community.views.setup_list import setup_list
from credits.models import Entry
from credits.selectors import next_lapse
from membership.models import Purchase
from membership.selectors import plan_standing

LATEST = 6


@dataclass
class SoldToday:
    """What was sold since midnight at the location: total to pay in minor units, by way to pay."""

    total_minor: int = 0
    credits: Decimal = Decimal(0)
    purchases: int = 0
    by_way: dict[str, int] = field(default_factory=dict)


@require_GET
def home(request: LocationRequest, slug: str) -> HttpResponseBase:
    at = now()
    context: dict[str, Any] = {"greeting": _greeting(localtime(at)), "at": at}
    if request.principal.is_staff:
        context |= {
            "sold": _sold_today(at),
            "latest": _latest_purchases(),
            "needs": needs_a_human(request.location, request.principal, at=at),
        }
    if request.principal.is_admin:
        context["setup"] = setup_list(request.location)
    if request.principal.is_member:
        customer_id = request.principal.customer_id
        context |= {
            "next_lapse": next_lapse(customer_id=customer_id) if customer_id else None,
            "standing": plan_standing(customer_id=customer_id, location=request.location, at=at),
            "entries": Entry.objects.filter(wallet__customer_id=customer_id)
            .select_related("purchase__receipt", "made_by")
            .newest_first()[:LATEST],
            "pending": _pending_purchases(request.principal),
            "overdue": _overdue_bills(request.principal, at),
        }
    return render(request, "community/home.html", context)


def _pending_purchases(principal: Principal) -> list[Purchase]:
    mine = Purchase.objects.visible_to(principal).filter(bought_by_id=principal.member_id)
    unpaid = mine.unpaid_at_gateways().select_related("charge")
    return list(unpaid.order_by("-pk")[:LATEST])


def _overdue_bills(principal: Principal, at: datetime) -> list[Bill]:
    """Of the member and the companies they manage, the oldest first."""
    own = Bill.objects.filter(customer_id__in=principal.own_customer_ids)
    return list(own.overdue(localtime(at).date()).with_who().order_by("due_on", "pk")[:LATEST])


def _greeting(local: datetime) -> str:
    if 5 <= local.hour < 12:  # noqa: PLR2004 - hours of the day
        return _("Good morning")
    return _("Good afternoon") if 12 <= local.hour < 18 else _("Good evening")  # noqa: PLR2004


def _sold_today(at: datetime) -> SoldToday:
    midnight = localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    sold = SoldToday()
    for line in (
        Purchase.objects.sold(from_=midnight, until=midnight + timedelta(days=1))
        .values("method", gateway=F("charge__connection__gateway"))
        .annotate(total=Sum("total_minor"), added=Sum("credits"), purchases=Count("pk"))
        .order_by("method", "gateway")
    ):
        sold.by_way[method_words(line["gateway"] or line["method"])] = line["total"]
        sold.total_minor += line["total"]
        sold.credits += line["added"]
        sold.purchases += line["purchases"]
    return sold


def _latest_purchases() -> list[Purchase]:
    return list(
        Purchase.objects.filter(state=Purchase.State.COMPLETED)
        .select_related("bought_by__user", "customer__company")
        .order_by("-pk")[:LATEST]
    )
