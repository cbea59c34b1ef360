"""Settings > Payments: the ways to take money that there are, and which of them are connected."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from community.access import LocationRequest, for_admins
from community.forms import MoveForm
from payments.gateways.registry import KINDS
from payments.models import GatewayConnection
from payments.services.connecting import GatewayGone
from payments.services.disconnecting import disconnect_gateway
from payments.services.ordering import move_gateway
from payments.views.fresh import ask_again, is_fresh
from payments.views.places import settings_url


@dataclass(frozen=True)
class Line:
    """A gateway, connected or not, with the page where it is set up."""

    name: str
    label: str
    url: str
    connection: GatewayConnection | None

    @property
    def icon(self) -> str:
        return KINDS[self.name].icon

    @property
    def is_connected(self) -> bool:
        return bool(self.connection and self.connection.state == self.connection.State.CONNECTED)


@require_GET
@for_admins
def payments(request: LocationRequest, slug: str) -> HttpResponseBase:
    used = {it.gateway: it for it in GatewayConnection.objects.in_use().order_by("-state", "-pk")}
    used |= {it.gateway: it for it in GatewayConnection.objects.connected()}
    lines = [
        Line(
            name=name,
            label=str(kind.label),
            url=settings_url(slug, name),
            connection=used.get(name),
        )
        for name, kind in KINDS.items()
    ]
    lines.sort(key=lambda it: (not it.is_connected, it.connection.position if it.connection else 0))
    connected = sum(line.is_connected for line in lines)
    return render(
        request, "payments/settings/payments.html", {"lines": lines, "connected": connected}
    )


@require_POST
@for_admins
def disconnect(request: LocationRequest, slug: str, connection_id: int) -> HttpResponseBase:
    connection = _connection(connection_id)
    if not is_fresh(request):
        return ask_again(request, settings_url(slug, connection.gateway))
    try:
        disconnect_gateway(connection=connection, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        words = _("%(gateway)s is disconnected. Payments under way are finished first.")
        messages.success(request, words % {"gateway": connection})
    return redirect(settings_url(slug, connection.gateway))


@require_POST
@for_admins
def move(request: LocationRequest, slug: str, connection_id: int) -> HttpResponseBase:
    """Move a gateway in the order at checkout; the script of the page asks without leaving it."""
    connection = _connection(connection_id)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    try:
        move_gateway(connection=connection, to=form.cleaned_data["to"], by=request.user, at=now())
    except GatewayGone as gone:
        messages.error(request, gone.messages[0])
    else:
        if request.headers.get("X-Requested-With") == "fetch":
            return HttpResponse(status=204)
        messages.success(request, _("%(name)s moved.") % {"name": connection})
    return redirect("community:settings_payments", slug)


def _connection(connection_id: int) -> GatewayConnection:
    connection: GatewayConnection = get_object_or_404(GatewayConnection, pk=connection_id)
    return connection
