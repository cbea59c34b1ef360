"""Settings > Stripe: connect an account, see how it is doing, change its keys, leave it."""

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from payments.forms import KeysForm
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable, KeyRefused
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
from payments.views.health import health_of
from payments.wording import key_refusal

STRIPE = GatewayConnection.Gateway.STRIPE
log = structlog.get_logger(__name__)


@sensitive_post_parameters("secret_key")
@require_http_methods(["GET", "POST"])
@for_admins
def stripe(request: LocationRequest, slug: str) -> HttpResponseBase:
    connection = _connected()
    form = KeysForm(request.POST or None, connection=connection)
    if form.is_valid() and _keep(request, form, connection):
        return redirect("community:settings_stripe", slug)
    return _page(request, form, connection)


@require_POST
@for_admins
def test(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Let Stripe send an event; the page tells when it has come."""
    connection = _connected()
    if connection is None:
        messages.error(request, _("Stripe is not connected."))
        return redirect("community:settings_stripe", slug)
    try:
        send_test(connection=connection, at=now())
    except GatewayUnavailable as silence:
        log.warning("gateway_not_tested", connection=connection.pk, reason=str(silence))
        messages.error(request, _("Stripe can't be reached now. Nothing was sent; try again."))
    return redirect("community:settings_stripe", slug)


@require_GET
@for_admins
def health(request: LocationRequest, slug: str) -> HttpResponseBase:
    """The signs alone, for the page that waits for a test."""
    connection = _connected()
    if connection is None:
        return HttpResponse(status=204)
    context = {"connection": connection, "health": health_of(connection, at=now())}
    return render(request, "payments/settings/_health.html", context)


def _keep(request: LocationRequest, form: KeysForm, connection: GatewayConnection | None) -> bool:
    """Connect, or change the keys. What is refused is said in the form, and nothing was saved."""
    keys = {name: form.cleaned_data[name] for name in ("publishable_key", "secret_key")}
    try:
        _save_keys(request, connection, keys)
    except KeyRefused as refusal:
        form.add_error(refusal.field, key_refusal(refusal, currency=request.location.currency))
    except GatewayConnected:  # a second click, or somebody else: the page shows what there is
        messages.info(request, _("Stripe is connected already."))
        return True
    except ValidationError as refusal:
        form.add_error(None, refusal)
    except GatewayRefused as refusal:
        log.warning("gateway_refused", code=refusal.code, location=request.location.pk)
        words = _("Stripe refused the check (%(code)s). Nothing was saved.")
        form.add_error(None, words % {"code": refusal.code})
    except GatewayUnavailable:
        form.add_error(None, _("Stripe can't be reached now. Nothing was saved; try again."))
    else:
        return True
    return False


def _save_keys(
    request: LocationRequest, connection: GatewayConnection | None, keys: dict[str, str]
) -> None:
    if connection:
        change_keys(connection=connection, by=request.user, at=now(), **keys)
        messages.success(request, _("The keys were checked and saved."))
        return
    connection = connect_gateway(
        location=request.location, gateway=STRIPE, by=request.user, at=now(), **keys
    )
    words = _("Connected to %(account)s.")
    messages.success(request, words % {"account": connection.account_name})


def _page(
    request: LocationRequest, form: KeysForm, connection: GatewayConnection | None
) -> HttpResponse:
    leaving = None if connection else GatewayConnection.objects.in_use().filter(gateway=STRIPE)
    left = leaving.order_by("-disconnected_at").first() if leaving else None
    return render(
        request,
        "payments/settings/stripe.html",
        {
            "form": form,
            "connection": connection,
            "advice": gateway_of(connection).advice if connection else "",
            "health": health_of(connection, at=now()) if connection else None,
            "left": left,
            "under_way": payments_under_way(left) if left else 0,
            "permissions": PERMISSIONS,
            "new_test_key": new_key_url(live=False),
            "new_live_key": new_key_url(live=True),
            "demo_keys": demo_keys(request.location) if settings.STRIPE_STANDIN_URL else None,
            "base_url": settings.BASE_URL,
        },
    )


def _connected() -> GatewayConnection | None:
    connection: GatewayConnection | None = (
        GatewayConnection.objects.connected()
        .filter(gateway=STRIPE)
        .select_related("location", "connected_by")
        .first()
    )
    return connection
