from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_scopes import scope

from billing.selectors import exemption_words
from community.access import LocationRequest, for_members
from community.downloads import Rows, csv_download
from credits.models import CreditOption, CreditUse, Entry, Hold
from credits.statements import Balance, select_balance
from membership.forms import MovementFilter
from membership.selectors import lot_bar
from membership.services.buyers import (
    buyer_refusal,
    card_refusal,
    claim_refusal,
    look_at_buyer,
    next_free_on,
    plan_terms,
)
from membership.services.quotes import quote_option
from membership.services.refusals import NotInCompany
from membership.statements import BuyerFacts
from membership.views.offers import may_buy_somehow, reason
from membership.views.refusals import refusal_words
from membership.views.whose import Whose, switch_links, whose
from payments.models import GatewayConnection

PER_PAGE = 25
SHOWN = (  # the three rows of a movement have sixty columns
    *("credits", "balance_after", "reason", "note", "happened_at"),
    *("purchase__receipt__number", "made_by__name"),
)


@require_GET
@for_members
def home(request: LocationRequest, slug: str) -> HttpResponseBase:
    return redirect("membership:credits", slug)


@require_GET
@for_members
def overview(
    request: LocationRequest, slug: str, company_id: int | None = None
) -> HttpResponseBase:
    about = whose(request, company_id)
    try:
        on_sale = _on_sale(request, about)
    except NotInCompany as gone:  # taken out since the request began
        raise Http404 from gone
    return render(
        request,
        "membership/credits.html",
        {
            "whose": about,
            "switch": switch_links(request, about, "credits"),
            "company_balance": _company_balance(request.location.pk, about),
            "holds": Hold.objects.soonest_of(about.customer_id) if about.sees_everything else (),
            "lots": lot_bar(customer_id=about.customer_id),
            **on_sale,
            "uses": CreditUse.objects.order_by("position", "pk"),
            "entries": _movements(request, about)[:5],
            "refusal": refusal_words(request),
        },
    )


def _company_balance(location_id: int, about: Whose) -> Balance | None:
    """The frame of every page has one's own balance already."""
    if about.company is None:
        return None
    return select_balance(location_id=location_id, customer_id=about.customer_id)


def _on_sale(request: LocationRequest, about: Whose) -> dict[str, Any]:
    """The options at this customer's prices, and whether and why not they can be bought."""
    facts = look_at_buyer(
        member_id=request.principal.member_id,
        location_id=request.location.pk,
        company_id=about.company_id,
        at=now(),
    )
    terms = plan_terms(facts)
    options = list(CreditOption.objects.on_sale())
    quotes = [
        quote_option(option, request.location, terms, exemption=facts.exemption)
        for option in options
    ]
    return {
        "quotes": quotes,
        "terms": terms,
        "exemption": exemption_words(facts.exemption),
        "next_free_on": next_free_on(terms),
        **_openness(facts, free=bool(quotes) and quotes[0].is_free),
    }


def _openness(facts: BuyerFacts, *, free: bool) -> dict[str, Any]:
    connections = list(GatewayConnection.objects.connected())
    if free:
        refusal = buyer_refusal(facts) or claim_refusal(facts)
        words = reason(refusal, facts) if refusal and refusal.code == "may_not_claim" else ""
        return {
            "may_buy": refusal is None,
            "closed_because": words,
            "is_connected": bool(connections),
        }
    open_to_them = may_buy_somehow(facts, connections)
    refusal = None if open_to_them or buyer_refusal(facts) else card_refusal(facts)
    return {
        "may_buy": open_to_them,
        "closed_because": reason(refusal, facts) if refusal else "",
        "is_connected": bool(connections),
    }


@require_GET
@for_members
def transactions(
    request: LocationRequest, slug: str, company_id: int | None = None
) -> HttpResponseBase:
    about = whose(request, company_id)
    chosen = MovementFilter(request.GET, zone=request.location.zone)
    found = chosen.apply(_movements(request, about))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "membership/credit_transactions.html",
        {"whose": about, "page": page, "filter": chosen, "filtered": chosen.is_used},
    )


@require_GET
@for_members
def transactions_csv(
    request: LocationRequest, slug: str, company_id: int | None = None
) -> HttpResponseBase:
    about = whose(request, company_id)
    chosen = MovementFilter(request.GET, zone=request.location.zone)
    name = f"credits-{slug}-{localtime(now(), request.location.zone):%Y-%m-%d}.csv"
    return csv_download(_csv_rows(request, about, chosen), name=name)


def _movements(request: LocationRequest, about: Whose) -> QuerySet[Entry]:
    """All of a customer's; a company member sees those of what they bought themself."""
    movements = Entry.objects.filter(wallet__customer_id=about.customer_id)
    if not about.sees_everything:
        movements = movements.filter(purchase__bought_by_id=request.principal.member_id)
    found: QuerySet[Entry] = (
        movements.select_related("purchase__receipt", "made_by").only(*SHOWN).newest_first()
    )
    return found


def _csv_rows(request: LocationRequest, about: Whose, chosen: MovementFilter) -> Rows:
    yield [_("Date"), _("What"), _("Note"), _("Credits"), _("Balance")]
    # The response is read after the middleware has closed the scope: open it here.
    with scope(location=request.location):
        for entry in chosen.apply(_movements(request, about)).iterator(chunk_size=500):
            when = localtime(entry.happened_at, request.location.zone).isoformat(" ", "minutes")
            what = entry.get_reason_display()
            yield [when, what, entry.note, entry.credits, entry.balance_after]
