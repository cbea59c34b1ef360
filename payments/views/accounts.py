"""Settings > Stripe, or another gateway with keys: connect an account, look after it, leave it."""

from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from payments.forms import KeysForm
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable, KeyRefused
from payments.gateways.registry import KINDS, that_are_spoken_to
from payments.gateways.stripe import PERMISSIONS, new_key_url
from payments.models import GatewayConnection
from payments.selectors import payments_under_way
from payments.services.connecting import (
    GatewayConnected,
    change_keys,
    connect_gateway,
    gateway_of,
)
from payments.services.demo_keys import demo_keys
from payments.services.health import send_test
from payments.views.fresh import ask_again, is_fresh
from payments.views.health import health_of
from payments.views.places import settings_url
from payments.wording import key_refusal

STRIPE = GatewayConnection.Gateway.STRIPE
log = structlog.get_logger(__name__)


@sensitive_post_parameters("secret_key")
@require_http_methods(["GET", "POST"])
@for_admins
def account(request: LocationRequest, slug: str, gateway: str) -> HttpResponseBase:
    _refuse_unknown(gateway)
    connection = _connected(gateway)
    form = KeysForm(request.POST or None, kind=KINDS[gateway], connection=connection)
    if form.is_valid():
        page = settings_url(slug, gateway)
        if connection and not is_fresh(request):
            return ask_again(request, page)
        if _keep(request, form, gateway, connection):
            return redirect(page)
    return _page(request, form, gateway, connection)


@require_POST
@for_admins
def test(request: LocationRequest, slug: str, gateway: str) -> HttpResponseBase:
    """Let the gateway send an event; the page tells when it has come."""
    _refuse_unknown(gateway)
    connection, name = _connected(gateway), {"gateway": KINDS[gateway].label}
    if connection is None:
        messages.error(request, _("%(gateway)s is not connected.") % name)
        return redirect(settings_url(slug, gateway))
    try:
        send_test(connection=connection, at=now())
    except GatewayUnavailable as silence:
        log.warning("gateway_not_tested", connection=connection.pk, reason=str(silence))
        words = _("%(gateway)s can't be reached now. Nothing was sent; try again.")
        messages.error(request, words % name)
    return redirect(settings_url(slug, gateway))


@require_GET
@for_admins
def health(request: LocationRequest, slug: str, gateway: str) -> HttpResponseBase:
    """The signs alone, for the page that waits for a test."""
    _refuse_unknown(gateway)
    connection = _connected(gateway)
    if connection is None:
        return HttpResponse(status=204)
    context = {
        "connection": connection,
        "health": health_of(connection, at=now()),
        "health_url": settings_url(slug, gateway, "health"),
    }
    return render(request, "payments/settings/_health.html", context)


def _refuse_unknown(gateway: str) -> None:
    if gateway not in that_are_spoken_to():
        raise Http404


def _keep(
    request: LocationRequest, form: KeysForm, gateway: str, connection: GatewayConnection | None
) -> bool:
    """Connect, or change the keys. What is refused is said in the form, and nothing was saved."""
    name = {"gateway": KINDS[gateway].label}
    try:
        _save_keys(request, gateway, connection, form.keys())
    except KeyRefused as refusal:
        words = key_refusal(refusal, gateway=gateway, currency=request.location.currency)
        form.add_error(refusal.field, words)
    except GatewayConnected:  # a second click, or somebody else: the page shows what there is
        messages.info(request, _("%(gateway)s is connected already.") % name)
        return True
    except ValidationError as refusal:
        form.add_error(None, refusal)
    except GatewayRefused as refusal:
        log.warning("gateway_refused", code=refusal.code, location=request.location.pk)
        words = _("%(gateway)s refused the check (%(code)s). Nothing was saved.")
        form.add_error(None, words % (name | {"code": refusal.code}))
    except GatewayUnavailable:
        words = _("%(gateway)s can't be reached now. Nothing was saved; try again.")
        form.add_error(None, words % name)
    else:
        return True
    return False


def _save_keys(
    request: LocationRequest,
    gateway: str,
    connection: GatewayConnection | None,
    keys: dict[str, str],
) -> None:
    if connection:
        change_keys(connection=connection, by=request.user, at=now(), **keys)
        messages.success(request, _("The keys were checked and saved."))
        return
    connection = connect_gateway(
        location=request.location, gateway=gateway, by=request.user, at=now(), **keys
    )
    words = _("Connected to %(account)s.")
    messages.success(request, words % {"account": connection.account_name})


def _page(
    request: LocationRequest, form: KeysForm, gateway: str, connection: GatewayConnection | None
) -> HttpResponse:
    leaving = None if connection else GatewayConnection.objects.in_use().filter(gateway=gateway)
    left = leaving.order_by("-disconnected_at").first() if leaving else None
    slug = request.location.slug
    return render(
        request,
        "payments/settings/account.html",
        {
            "form": form,
            "kind": KINDS[gateway],
            "section": "stripe" if gateway == STRIPE else "payments",
            "connection": connection,
            "advice": gateway_of(connection).advice if connection else "",
            "health": health_of(connection, at=now()) if connection else None,
            "page_url": settings_url(slug, gateway),
            "test_url": settings_url(slug, gateway, "test"),
            "health_url": settings_url(slug, gateway, "health"),
            "left": left,
            "under_way": payments_under_way(left) if left else 0,
            "base_url": settings.BASE_URL,
            **(_of_stripe(request) if gateway == STRIPE else {}),
        },
    )


def _of_stripe(request: LocationRequest) -> dict[str, Any]:
    """What its page says beside: the permissions a key needs, and the stand-in's keys."""
    return {
        "permissions": PERMISSIONS,
        "new_test_key": new_key_url(live=False),
        "new_live_key": new_key_url(live=True),
        "demo_keys": demo_keys(request.location) if settings.STRIPE_STANDIN_URL else None,
    }


def _connected(gateway: str) -> GatewayConnection | None:
    connection: GatewayConnection | None = (
        GatewayConnection.objects.connected()
        .filter(gateway=gateway)
        .select_related("location", "connected_by")
        .first()
    )
    return connection
