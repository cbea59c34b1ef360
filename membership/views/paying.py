"""The steps of a payment by card, of credits or of a bill: enter it, charge it, see how it went."""

from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.timezone import now

from community.access import LocationRequest
from config.broker import send_soon
from membership.services.paying import open_card_setup, pay_charge, refresh_charge
from membership.views.going import go, is_script
from payments.gateways.protocol import (
    ChargeOutcome,
    ChargeState,
    GatewayRefused,
    GatewayUnavailable,
)
from payments.models import Transaction
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


def ask_for_card(request: LocationRequest, steps: Steps) -> HttpResponseBase:
    """Have the browser's script let the payer enter a new card."""
    assert steps.charge
    try:
        setup = open_card_setup(charge=steps.charge, at=now())
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
    except ValidationError:
        outcome = None  # recorded as the attempt's failure, and shown from there
    return next_step(request, steps, outcome)


def next_step(
    request: LocationRequest, steps: Steps, outcome: ChargeOutcome | None = None
) -> HttpResponseBase:
    if steps.charge is None:
        return go(request, "done", steps.page)
    steps.charge.refresh_from_db(fields=["state"])
    if steps.charge.state != Transaction.State.PENDING:
        _forget_cards_soon()
    if steps.charge.state == Transaction.State.FAILED:
        return go(request, "refused", steps.failed)
    waits = outcome and outcome.state is ChargeState.ACTION
    if waits and outcome and steps.charge.state == Transaction.State.PENDING and is_script(request):
        return JsonResponse(
            {"state": "action", "client_secret": outcome.client_secret, "return_url": steps.page}
        )
    return go(request, "done", steps.page)


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


def _is_time_to_ask(charge: Transaction) -> bool:
    """Spare the gateway: however often the page polls, it is asked now and then."""
    return cache.add(f"asked:{charge.key}", 1, timeout=ASK_GATEWAY_EVERY_SECONDS)


def _forget_cards_soon() -> None:
    """Detach what was entered only for this attempt without waiting for the beat."""
    send_soon(sweep_cards)
