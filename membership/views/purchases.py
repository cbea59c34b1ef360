"""A purchase after it is ordered: paying it, and what became of it."""

from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from community.access import LocationRequest, for_members
from community.money import format_credits
from credits.statements import select_balance
from membership.models import Purchase
from membership.services.paying import open_card_setup, pay_purchase, refresh_purchase
from membership.views.going import go, is_script, refuse
from membership.views.whose import Whose, whose
from payments.gateways.protocol import (
    ChargeOutcome,
    ChargeState,
    GatewayRefused,
    GatewayUnavailable,
)
from payments.tasks import sweep_cards

log = structlog.get_logger(__name__)
ASK_GATEWAY_EVERY_SECONDS = 5
FAILED = {Purchase.State.FAILED, Purchase.State.EXPIRED}


def ask_for_card(request: LocationRequest, purchase: Purchase, about: Whose) -> HttpResponseBase:
    try:
        setup = open_card_setup(purchase=purchase, at=now())
    except (GatewayUnavailable, GatewayRefused) as trouble:
        log.warning("card_setup_failed", purchase=str(purchase.key), reason=str(trouble))
        return refuse(request, about, "gateway_silent", option_id=purchase.option_id)
    place = [request.location.slug, purchase.key]
    return JsonResponse(
        {
            "state": "setup",
            "client_secret": setup.client_secret,
            "url": reverse("membership:purchase", args=place),
            "confirm_url": reverse("membership:confirm_purchase", args=place),
        }
    )


@require_POST
@for_members
def confirm_purchase(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Charge, once the browser has entered a new card."""
    own = Purchase.objects.filter(bought_by_id=request.principal.member_id)
    return pay(request, _find(own, key))


def pay(request: LocationRequest, purchase: Purchase) -> HttpResponseBase:
    try:
        outcome = pay_purchase(purchase=purchase, at=now())
    except ValidationError:
        outcome = None  # recorded as the attempt's failure, and shown from there
    return next_step(request, purchase, outcome)


def next_step(
    request: LocationRequest, purchase: Purchase, outcome: ChargeOutcome | None = None
) -> HttpResponseBase:
    purchase.refresh_from_db(fields=["state"])
    page = reverse("membership:purchase", args=[request.location.slug, purchase.key])
    if purchase.state in FAILED:
        _forget_cards_soon()
        return go(request, "refused", _failed_url(request, purchase))
    if purchase.state == Purchase.State.COMPLETED:
        _forget_cards_soon()
    elif outcome and outcome.state is ChargeState.ACTION and is_script(request):
        return JsonResponse(
            {"state": "action", "client_secret": outcome.client_secret, "return_url": page}
        )
    return go(request, "done", page)


@require_GET
@for_members
def purchase(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Show what became of a purchase; a pending one is asked about first."""
    own = Purchase.objects.own_to(request.principal)
    bought, outcome = _find(own, key), None
    if bought.state == Purchase.State.PENDING:
        outcome = refresh_purchase(purchase=bought, at=now())
        bought = _find(own, key)
    if bought.state in FAILED:
        return redirect(_failed_url(request, bought))
    context: dict[str, Any] = {"purchase": bought, "whose": whose_purchase(request, bought)}
    if bought.state != Purchase.State.PENDING:
        context["wallet_balance"] = format_credits(
            select_balance(location_id=request.location.pk, customer_id=bought.customer_id)
        )
        return render(request, "membership/purchase_done.html", context)
    assert bought.charge
    context["stripe_js"] = settings.STRIPE_JS_URL
    context["action"] = outcome if outcome and outcome.state is ChargeState.ACTION else None
    context["submitted"] = bought.charge.submitted_at is not None
    return render(request, "membership/purchase_pending.html", context)


@require_GET
@for_members
def purchase_status(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Polled by the pending page: sends it on as soon as the outcome is known."""
    bought = _find(Purchase.objects.own_to(request.principal), key)
    if bought.state == Purchase.State.PENDING and _is_time_to_ask(key):
        refresh_purchase(purchase=bought, at=now())
        bought.refresh_from_db(fields=["state"])
    response = render(request, "membership/_purchase_status.html", {"purchase": bought})
    if bought.state != Purchase.State.PENDING:
        response["HX-Redirect"] = reverse("membership:purchase", args=[slug, key])
    return response


def whose_purchase(request: LocationRequest, purchase: Purchase) -> Whose:
    """Whom it is for; oneself, if the buyer doesn't belong to that company any more."""
    company_id = purchase.customer.company_id
    if company_id in {standing.company_id for standing in request.principal.companies}:
        return whose(request, company_id)
    return whose(request)


def _is_time_to_ask(key: UUID) -> bool:
    """Spare the gateway: however often the page polls, it is asked now and then."""
    try:
        return cache.add(f"asked:{key}", 1, timeout=ASK_GATEWAY_EVERY_SECONDS)
    except RedisError:
        return True


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


def _failed_url(request: LocationRequest, purchase: Purchase) -> str:
    """The checkout, with what it has to say about this attempt."""
    about = whose_purchase(request, purchase)
    if about.company_id != purchase.customer.company_id:
        return f"{about.credits_url}?{urlencode({'refused': 'not_in_company'})}"
    url = about.url("checkout", purchase.option_id)
    return f"{url}?{urlencode({'declined': str(purchase.key)})}"


def _forget_cards_soon() -> None:
    """Detach what was entered only for this attempt without waiting for the beat."""
    try:
        sweep_cards.delay()
    except OperationalError:
        log.warning("broker_unreachable", task="sweep_cards")
