from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from community.access import LocationRequest, for_members
from community.models import Member
from credits.models import CreditOption
from membership.forms import CheckoutForm
from membership.models import Purchase
from membership.services.paying import open_card_setup, pay_purchase, refresh_purchase
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import Quote, QuoteChanged, quote_option
from membership.tickets import Ticket, new_key, seal, unseal
from membership.views.alerts import Alert, alert_for
from payments.gateways.protocol import (
    ChargeOutcome,
    ChargeState,
    GatewayRefused,
    GatewayUnavailable,
)
from payments.models import Card, GatewayConnection
from payments.tasks import sweep_cards

log = structlog.get_logger(__name__)
ASK_GATEWAY_EVERY_SECONDS = 5
NEXT_KEYS = "next_purchase_keys"  # in the session


@require_http_methods(["GET", "POST"])
@for_members
def checkout(request: LocationRequest, slug: str, option_id: int) -> HttpResponseBase:
    option = get_object_or_404(CreditOption, pk=option_id)
    if option.archived_at:
        return _refused(request, "option_not_on_sale", to_credits=True)
    if not request.principal.may_buy:
        return _refused(request, "not_an_active_member", to_credits=True)
    quote = quote_option(option, request.location)
    if request.method == "POST":
        return _buy(request, quote)
    return _show_checkout(request, quote)


def _show_checkout(request: LocationRequest, quote: Quote) -> HttpResponseBase:
    connection = GatewayConnection.objects.connected().first()
    cards = _cards(request)
    alert = alert_for(request, quote)
    assert request.principal.member_id
    key = _next_key(request, quote.option_id)
    ticket = Ticket(member_id=request.principal.member_id, key=key, quote=quote)
    return render(
        request,
        "membership/checkout.html",
        {
            "quote": quote,
            "ticket": seal(ticket),
            "connection": connection,
            "cards": cards,
            "chosen_card": _chosen_card(cards, alert),
            "stripe_js": settings.STRIPE_JS_URL,
            "alert": alert,
        },
    )


def _next_key(request: LocationRequest, option_id: int) -> UUID:
    """The key of the next purchase of the option, one for all tabs: paying in two buys once."""
    keys = request.session.get(NEXT_KEYS, {})
    key = keys.get(str(option_id))
    if key is None or Purchase.objects.filter(key=key).exists():
        key = str(new_key())
        request.session[NEXT_KEYS] = {**keys, str(option_id): key}
    return UUID(key)


def _buy(request: LocationRequest, quote: Quote) -> HttpResponseBase:
    """Start the purchase that the buyer confirmed, and take its first step."""
    form = CheckoutForm(request.POST, cards=_cards(request))
    if code := _unfit(request, form):
        return _refused(request, code, option_id=quote.option_id)
    try:
        ticket = unseal(
            form.cleaned_data["quote"],
            member_id=request.principal.member_id,
            option_id=quote.option_id,
        )
        purchase = _start(request, form, ticket)
    except QuoteChanged:
        return _refused(request, "", option_id=quote.option_id, seen=form.cleaned_data["quote"])
    except ValidationError as refusal:
        return _refused(request, refusal.code or "", option_id=quote.option_id)
    if purchase.state != Purchase.State.PENDING:
        return _next_step(request, purchase, None)  # another tab was quicker
    if form.card_id is None and purchase.charge.submitted_at is None:
        return _ask_for_card(request, purchase)
    return _pay(request, purchase)


def _unfit(request: LocationRequest, form: CheckoutForm) -> str:
    """The code of why what was posted is no order."""
    if not form.is_valid():
        return "card_not_usable" if "card" in form.errors else "ticket_not_valid"
    if form.card_id is None and not _is_script(request):
        return "card_needs_script"
    return ""


def _start(request: LocationRequest, form: CheckoutForm, ticket: Ticket) -> Purchase:
    connection = GatewayConnection.objects.connected().first()
    order = CardOrder(
        connection_id=connection.pk if connection else 0,
        card_id=form.card_id,
        keep_card=form.cleaned_data["keep"],
    )
    return start_purchase(
        member=Member.objects.get(pk=ticket.member_id),
        option_id=ticket.quote.option_id,
        order=order,
        seen=ticket.quote,
        key=ticket.key,
        at=now(),
    )


def _ask_for_card(request: LocationRequest, purchase: Purchase) -> HttpResponseBase:
    try:
        setup = open_card_setup(purchase=purchase, at=now())
    except (GatewayUnavailable, GatewayRefused) as trouble:
        log.warning("card_setup_failed", purchase=str(purchase.key), reason=str(trouble))
        return _refused(request, "gateway_silent", option_id=purchase.option_id)
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
    return _pay(request, _own_purchase(request, key))


def _pay(request: LocationRequest, purchase: Purchase) -> HttpResponseBase:
    try:
        outcome = pay_purchase(purchase=purchase, at=now())
    except ValidationError:
        outcome = None  # recorded as the attempt's failure, and shown from there
    return _next_step(request, purchase, outcome)


def _next_step(
    request: LocationRequest, purchase: Purchase, outcome: ChargeOutcome | None
) -> HttpResponseBase:
    purchase.refresh_from_db(fields=["state"])
    page = reverse("membership:purchase", args=[request.location.slug, purchase.key])
    if purchase.state in {Purchase.State.FAILED, Purchase.State.EXPIRED}:
        _forget_cards_soon()
        return _go(request, "refused", _declined_url(request, purchase))
    if purchase.state == Purchase.State.COMPLETED:
        _forget_cards_soon()
    elif outcome and outcome.state is ChargeState.ACTION and _is_script(request):
        return JsonResponse(
            {"state": "action", "client_secret": outcome.client_secret, "return_url": page}
        )
    return _go(request, "done", page)


@require_GET
@for_members
def purchase(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Show what became of a purchase; a pending one is asked about first."""
    bought = _own_purchase(request, key)
    outcome = None
    if bought.state == Purchase.State.PENDING:
        outcome = refresh_purchase(purchase=bought, at=now())
        bought = _own_purchase(request, key)
    if bought.state in {Purchase.State.FAILED, Purchase.State.EXPIRED}:
        return redirect(_declined_url(request, bought))
    context: dict[str, Any] = {"purchase": bought, "stripe_js": settings.STRIPE_JS_URL}
    if bought.state == Purchase.State.COMPLETED:
        return render(request, "membership/purchase_completed.html", context)
    context["action"] = outcome if outcome and outcome.state is ChargeState.ACTION else None
    context["submitted"] = bought.charge.submitted_at is not None
    return render(request, "membership/purchase_pending.html", context)


@require_GET
@for_members
def purchase_status(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Polled by the pending page: sends it on as soon as the outcome is known."""
    bought = _own_purchase(request, key)
    if bought.state == Purchase.State.PENDING and _is_time_to_ask(key):
        refresh_purchase(purchase=bought, at=now())
        bought.refresh_from_db(fields=["state"])
    response = render(request, "membership/_purchase_status.html", {"purchase": bought})
    if bought.state != Purchase.State.PENDING:
        response["HX-Redirect"] = reverse("membership:purchase", args=[slug, key])
    return response


def _is_time_to_ask(key: UUID) -> bool:
    """Spare the gateway: however often the page polls, it is asked now and then."""
    try:
        return cache.add(f"asked:{key}", 1, timeout=ASK_GATEWAY_EVERY_SECONDS)
    except RedisError:
        return True


def _own_purchase(request: LocationRequest, key: UUID) -> Purchase:
    return get_object_or_404(
        Purchase.objects.filter(customer_id=request.principal.customer_id).select_related(
            "charge__connection",
            "charge__card",
            "customer__member__user",
            "receipt",
            "location",
            "accrual",
        ),
        key=key,
    )


def _cards(request: LocationRequest) -> list[Card]:
    return list(Card.objects.kept().filter(customer_id=request.principal.customer_id))


def _chosen_card(cards: list[Card], alert: Alert | None) -> int | None:
    """Which card is ticked when the page opens: none, so a new one, after a decline."""
    return None if (alert and alert.declined) or not cards else cards[0].pk


def _declined_url(request: LocationRequest, purchase: Purchase) -> str:
    url = reverse("membership:checkout", args=[request.location.slug, purchase.option_id])
    return f"{url}?{urlencode({'declined': str(purchase.key)})}"


def _refused(
    request: LocationRequest,
    code: str,
    *,
    option_id: int | None = None,
    to_credits: bool = False,
    seen: str = "",
) -> HttpResponseBase:
    slug = request.location.slug
    if to_credits or option_id is None:
        url = reverse("membership:credits", args=[slug])
    else:
        url = reverse("membership:checkout", args=[slug, option_id])
    query = {"seen": seen} if seen else {"refused": code}
    return _go(request, "refused", f"{url}?{urlencode(query)}")


def _go(request: HttpRequest, state: str, url: str) -> HttpResponseBase:
    """Send the reader on: the checkout's script by JSON, a plain form by redirect."""
    if _is_script(request):
        return JsonResponse({"state": state, "url": url})
    return redirect(url)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _forget_cards_soon() -> None:
    """Detach what was entered only for this attempt without waiting for the beat."""
    try:
        sweep_cards.delay()
    except OperationalError:
        log.warning("broker_unreachable", task="sweep_cards")
