"""Settings > API > a webhook: its secret, what it was told, and how to tell it again."""

from base64 import b64encode
from secrets import token_bytes

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from community.forms.api_keys import WebhookForm
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.services.calling import PREFIX
from notifications.services.endpoints import (
    add_endpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    rotate_secret,
)
from notifications.services.webhooks import EndpointIsDisabled, replay_delivery

LOG_PAGE = 25


@never_cache
@require_http_methods(["GET", "POST"])
@for_admins
def add(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = WebhookForm(request.POST or None)
    if form.is_valid():
        secret = _new_secret()
        try:
            endpoint = add_endpoint(
                location=request.location,
                url=form.cleaned_data["url"],
                events=form.cleaned_data["events"],
                secret=secret,
                by=request.user,
                at=now(),
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return _page(request, endpoint, secret=secret)
    return render(request, "community/settings/add_webhook.html", {"form": form})


@require_GET
@for_admins
def webhook(request: LocationRequest, slug: str, endpoint_id: int) -> HttpResponseBase:
    return _page(request, _endpoint(endpoint_id))


@never_cache
@require_POST
@for_admins
def rotate(request: LocationRequest, slug: str, endpoint_id: int) -> HttpResponseBase:
    endpoint, secret = _endpoint(endpoint_id), _new_secret()
    rotate_secret(endpoint=endpoint, secret=secret, by=request.user, at=now())
    return _page(request, endpoint, secret=secret)


@require_POST
@for_admins
def enable(request: LocationRequest, slug: str, endpoint_id: int) -> HttpResponseBase:
    endpoint = _endpoint(endpoint_id)
    enable_endpoint(endpoint=endpoint, by=request.user, at=now())
    messages.success(request, _("The webhook is enabled: it is told what happens from now on."))
    return redirect("community:webhook", slug, endpoint.pk)


@require_POST
@for_admins
def disable(request: LocationRequest, slug: str, endpoint_id: int) -> HttpResponseBase:
    endpoint = _endpoint(endpoint_id)
    disable_endpoint(endpoint=endpoint, by=request.user, at=now())
    messages.success(request, _("The webhook is disabled: it is told nothing."))
    return redirect("community:webhook", slug, endpoint.pk)


@require_POST
@for_admins
def remove(request: LocationRequest, slug: str, endpoint_id: int) -> HttpResponseBase:
    endpoint = _endpoint(endpoint_id)
    remove_endpoint(endpoint=endpoint, by=request.user, at=now())
    messages.success(request, _("The webhook is removed."))
    return redirect("community:settings_api", slug)


@require_POST
@for_admins
def replay(request: LocationRequest, slug: str, delivery_id: int) -> HttpResponseBase:
    told = WebhookDelivery.objects.select_related("event")
    delivery: WebhookDelivery = get_object_or_404(told, pk=delivery_id, endpoint__removed_at=None)
    try:
        replay_delivery(delivery=delivery, by=request.user, at=now())
    except EndpointIsDisabled as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("It is sent again within seconds."))
    return redirect("community:webhook", slug, delivery.endpoint_id)


def _page(request: LocationRequest, endpoint: WebhookEndpoint, *, secret: str = "") -> HttpResponse:
    told = endpoint.deliveries.select_related("event").order_by("-pk")
    page = Paginator(told, LOG_PAGE).get_page(request.GET.get("page"))
    context = {"endpoint": endpoint, "secret": secret, "page": page}
    return render(request, "community/settings/webhook.html", context)


def _endpoint(endpoint_id: int) -> WebhookEndpoint:
    endpoint: WebhookEndpoint = get_object_or_404(
        WebhookEndpoint.objects.select_related("location"), pk=endpoint_id, removed_at=None
    )
    return endpoint


def _new_secret() -> str:
    return PREFIX + b64encode(token_bytes(32)).decode()
