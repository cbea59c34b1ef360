"""A purchase after it is ordered: paying it, and what became of it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest, for_members
from community.money import format_money
from credits.statements import select_balance
from membership.models import Purchase
from membership.services.paying import refresh_charge
from membership.views.going import refusal_url
from membership.views.paying import (
    Pending,
    Steps,
    action_of,
    pay,
    show_pending,
    show_status,
)
from membership.views.transfers import is_open_transfer, show_transfer
from membership.views.whose import Whose, whose
from payments.gateways.protocol import ChargeOutcome

FAILED = {Purchase.State.FAILED, Purchase.State.EXPIRED}


def steps_of(request: LocationRequest, purchase: Purchase) -> Steps:
    """Where a purchase leads to, paid at a gateway or some other way."""
    place = [request.location.slug, purchase.key]
    about = whose_purchase(request, purchase)
    return Steps(
        charge=purchase.charge,
        page=reverse("membership:purchase", args=place),
        status=reverse("membership:purchase_status", args=place),
        confirm=reverse("membership:confirm_purchase", args=place),
        failed=_failed_url(about, purchase),
        silent=refusal_url(about, "gateway_silent", option_id=purchase.option_id),
    )


@require_POST
@for_members
def confirm_purchase(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Charge, once the browser has entered a new card."""
    own = Purchase.objects.filter(bought_by_id=request.principal.member_id)
    return pay(request, steps_of(request, _find(own.exclude(charge=None), key)))


@require_GET
@for_members
def purchase(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Show what became of a purchase; a pending one is asked about first."""
    own = Purchase.objects.own_to(request.principal)
    bought, outcome = _find(own, key), None
    if bought.state == Purchase.State.PENDING and bought.charge:
        outcome = refresh_charge(charge=bought.charge, at=now())
        bought = _find(own, key)
    about = whose_purchase(request, bought)
    if is_open_transfer(bought):
        return show_transfer(request, bought, about)
    if bought.state in FAILED:
        return redirect(_failed_url(about, bought))
    if bought.state == Purchase.State.PENDING:
        return show_pending(request, _pending(request, bought, about, outcome))
    balance = select_balance(location_id=request.location.pk, customer_id=bought.customer_id)
    context: dict[str, Any] = {
        "purchase": bought,
        "whose": about,
        "wallet_balance": balance,
    }
    return render(request, "membership/purchase_done.html", context)


@require_GET
@for_members
def purchase_status(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    bought = _find(Purchase.objects.own_to(request.principal), key)
    return show_status(request, steps_of(request, bought))


def whose_purchase(request: LocationRequest, purchase: Purchase) -> Whose:
    """Whom it is for; oneself, if the buyer doesn't belong to that company any more."""
    company_id = purchase.customer.company_id
    if company_id in {standing.company_id for standing in request.principal.companies}:
        return whose(request, company_id)
    return whose(request)


def _pending(
    request: LocationRequest, purchase: Purchase, about: Whose, outcome: ChargeOutcome | None
) -> Pending:
    total = format_money(purchase.total_minor, purchase.currency)
    return Pending(
        steps=steps_of(request, purchase),
        action=action_of(outcome),
        title=_("This purchase was not finished"),
        confirm_says=_(
            "%(total)s is not charged yet. Confirm it with your bank, then your credits are added."
        )
        % {"total": total},
        go_on_says=_(
            "%(total)s is not paid yet. Finish it there, then your credits are added. What isn't"
            " finished within an hour is given up, and nothing is charged."
        )
        % {"total": total},
        check_says=_(
            "We are checking with your bank. Your credits appear here once it confirms;"
            " you don't need to pay again."
        ),
        start_url=about.url("checkout", purchase.option_id),
        back_url=about.credits_url,
        back_says=_("Back to Credits"),
    )


def _find(purchases: QuerySet[Purchase], key: UUID) -> Purchase:
    found: Purchase = get_object_or_404(
        purchases.select_related(
            "charge__connection",
            "charge__card",
            "customer__member__user",
            "customer__company",
            "bill_item__bill",
            "receipt",
            "location",
            "accrual",
        ),
        key=key,
    )
    return found


def _failed_url(about: Whose, purchase: Purchase) -> str:
    """The checkout, with what it has to say about this attempt."""
    if about.company_id != purchase.customer.company_id:
        return f"{about.credits_url}?{urlencode({'refused': 'not_in_company'})}"
    url = about.url("checkout", purchase.option_id)
    return f"{url}?{urlencode({'declined': str(purchase.key)})}"
