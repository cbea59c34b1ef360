from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_scopes import scope, scopes_disabled

from config.broker import send_soon
from payments.gateways.protocol import EventNotGenuine
from payments.gateways.registry import that_are_spoken_to
from payments.models import GatewayConnection, GatewayEvent
from payments.services.events import receive_event
from payments.services.health import note_refused_event
from payments.tasks import process_gateway_event

log = structlog.get_logger(__name__)
LARGEST_EVENT = 256 * 1024


@csrf_exempt  # signed by the gateway instead
@require_POST
def webhook(request: HttpRequest, gateway: str, key: UUID) -> HttpResponse:
    """Verify on the raw bytes, keep, answer 200; a task does what the event asks for."""
    with scopes_disabled():  # the address names the connection, the connection its location
        spoken_to = GatewayConnection.objects.filter(gateway__in=that_are_spoken_to())
        connection: GatewayConnection
        connection = get_object_or_404(spoken_to, key=key, gateway=gateway)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_EVENT:
        return HttpResponse(status=413)
    with scope(location=connection.location_id):
        try:
            event = receive_event(
                connection=connection, body=request.body, headers=request.headers, at=now()
            )
        except EventNotGenuine as wrong:
            log.warning("webhook_refused", connection=connection.pk, reason=str(wrong))
            note_refused_event(connection=connection, at=now())
            return HttpResponse(status=400)
    _process_soon(event)
    return HttpResponse(status=200)


def _process_soon(event: GatewayEvent) -> None:
    if event.processed_at:
        return
    send_soon(process_gateway_event, location_id=event.location_id, event_id=event.pk)
