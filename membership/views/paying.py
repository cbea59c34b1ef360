"""The steps of a payment at a gateway, of credits or of a bill: up to how it went."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.timezone import now

from community.access import LocationRequest
from config.broker import send_soon
from membership.forms import PayingForm
from membership.services.paying import open_card_setup, pay_charge, refresh_charge
from membership.services.purchases import CardOrder
from membership.views.going import go, is_script
from membership.views.refusals import status_of
from payments.gateways.protocol import (
    ChargeOutcome,
    ChargeState,
    GatewayRefused,
    GatewayUnavailable,
)
from payments.gateways.registry import abilities_of
from payments.models import GatewayConnection, Transaction
from payments.tasks import sweep_cards

log = structlog.get_logger(__name__)
ASK_GATEWAY_EVERY_SECONDS = 5


@dataclass(frozen=True)
class Steps:
    """One payment and the addresses that it leads to."""

    charge: Transaction | None  # none if it was paid some other way
    page: str
    status: str
    confirm: str
    failed: str  # where to try again, and where it is said why this failed
    silent: str  # the same, if the gateway could not be heard


@dataclass(frozen=True)
class Pending:
    """What a page says about a payment that is not settled."""

    steps: Steps
    action: ChargeOutcome | None
    title: str  # when nothing was sent
    confirm_says: str
    go_on_says: str
    check_says: str
    start_url: str
    back_url: str
    back_says: str

    @property
    def charge(self) -> Transaction:
        assert self.steps.charge
        return self.steps.charge

    @property
    def is_submitted(self) -> bool:
        return self.charge.submitted_at is not None

    @property
    def stripe_js(self) -> str:
        return str(settings.STRIPE_JS_URL)

    @property
    def redirect_url(self) -> str:
        """The page of the gateway where it is paid, while it can be."""
        return redirect_of(self.action)


def card_connection(connections: list[GatewayConnection]) -> GatewayConnection | None:
    """The one that charges cards."""
    return next((it for it in connections if abilities_of(it.gateway).charges_cards), None)


def redirecting(connections: list[GatewayConnection]) -> list[GatewayConnection]:
    """Those on whose own page it is paid."""
    return [it for it in connections if abilities_of(it.gateway).redirects]


def card_order(form: PayingForm, connections: list[GatewayConnection]) -> CardOrder:
    """What was chosen, at the gateway that it belongs to."""
    if form.redirect:
        [chosen] = [it for it in connections if it.gateway == form.redirect]
        return CardOrder(connection_id=chosen.pk, card_id=None)
    connection = card_connection(connections)
    return CardOrder(
        connection_id=connection.pk if connection else 0,
        card_id=form.card_id,
        keep_card=form.cleaned_data["keep"],
    )


def asks_for_card(charge: Transaction) -> bool:
    """Whether a card is to be entered first; one that waits at another gateway needs none."""
    return charge.submitted_at is None and abilities_of(charge.connection.gateway).charges_cards


def ask_for_card(request: LocationRequest, steps: Steps) -> HttpResponseBase:
    """Have the browser's script let the payer enter a new card."""
    assert steps.charge
    try:
        setup = open_card_setup(charge=steps.charge, at=now())
    except ValidationError as refusal:  # recorded as the attempt's failure, shown from there
        return go(request, "refused", steps.failed, status=status_of(refusal))
    except (GatewayUnavailable, GatewayRefused) as trouble:
        log.warning("card_setup_failed", charge=str(steps.charge.key), reason=str(trouble))
        return go(request, "refused", steps.silent)
    return JsonResponse(
        {
            "state": "setup",
            "client_secret": setup.client_secret,
            "url": steps.page,
            "confirm_url": steps.confirm,
        }
    )


def pay(request: LocationRequest, steps: Steps) -> HttpResponseBase:
    """Charge, and lead on to what came of it."""
    assert steps.charge
    try:
        outcome = pay_charge(charge=steps.charge, at=now())
    except ValidationError as refusal:  # recorded as the attempt's failure, shown from there
        return next_step(request, steps, status=status_of(refusal))
    return next_step(request, steps, outcome)


def next_step(
    request: LocationRequest,
    steps: Steps,
    outcome: ChargeOutcome | None = None,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponseBase:
    if steps.charge is None:
        return go(request, "done", steps.page)
    steps.charge.refresh_from_db(fields=["state"])
    if steps.charge.state != Transaction.State.PENDING:
        _forget_cards_soon()
    if steps.charge.state == Transaction.State.FAILED:
        return go(request, "refused", steps.failed, status=status)
    action = action_of(outcome)
    if action and steps.charge.state == Transaction.State.PENDING and is_script(request):
        return _act(steps, action)
    return go(request, "done", steps.page)


def _act(steps: Steps, action: ChargeOutcome) -> JsonResponse:
    """Send the payer to the gateway's page, or have the script ask their bank.

    Without a script the pending page has the link: a form may not lead to another site.
    """
    if url := redirect_of(action):
        return JsonResponse({"state": "redirect", "url": url})
    return JsonResponse(
        {"state": "action", "client_secret": action.client_secret, "return_url": steps.page}
    )


def show_pending(request: LocationRequest, pending: Pending) -> HttpResponse:
    return render(request, "membership/payment_pending.html", {"pending": pending})


def show_status(request: LocationRequest, steps: Steps) -> HttpResponse:
    """Answer the pending page's poll: it goes on as soon as the outcome is known."""
    charge = steps.charge
    if charge and charge.state == Transaction.State.PENDING and _is_time_to_ask(charge):
        refresh_charge(charge=charge, at=now())
        charge.refresh_from_db(fields=["state"])
    response = render(request, "membership/_payment_status.html", {"status_url": steps.status})
    if charge is None or charge.state != Transaction.State.PENDING:
        response["HX-Redirect"] = steps.page
    return response


def action_of(outcome: ChargeOutcome | None) -> ChargeOutcome | None:
    """What the payer's bank still wants of them."""
    return outcome if outcome and outcome.state is ChargeState.ACTION else None


def redirect_of(outcome: ChargeOutcome | None) -> str:
    """Where a gateway wants the payer; no address that is none of a web page."""
    url = outcome.redirect_url if outcome else ""
    return url if urlsplit(url).scheme in {"https", "http"} else ""


def _is_time_to_ask(charge: Transaction) -> bool:
    """Spare the gateway: however often the page polls, it is asked now and then."""
    return cache.add(f"asked:{charge.key}", 1, timeout=ASK_GATEWAY_EVERY_SECONDS)


def _forget_cards_soon() -> None:
    """Detach what was entered only for this attempt without waiting for the beat."""
    send_soon(sweep_cards)
