from datetime import timedelta

import structlog
from celery import shared_task
from django.db.models import F, Q
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from membership.services.events import EventWaits, process_event
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable
from payments.models import Card, GatewayConnection, GatewayEvent
from payments.services.cards import cards_to_detach, detach_card
from payments.services.disconnecting import connections_to_finish, finish_disconnecting
from payments.services.events import note_event_failure, take_missed_events
from payments.services.health import check_connection

log = structlog.get_logger(__name__)
RETRY_AFTER = timedelta(seconds=60)


@shared_task
def process_gateway_event(*, location_id: int, event_id: int) -> None:
    with scope(location=location_id):
        try:
            process_event(event_id=event_id, at=now())
        except EventWaits as why:
            log.error("gateway_event_waits", gateway_event=event_id, reason=str(why))
            note_event_failure(event_id=event_id, error=str(why), at=now())


@shared_task
def sweep_events() -> None:
    """Take the events that no worker has processed, the longest untried first."""
    with scopes_disabled():
        waiting = list(
            GatewayEvent.objects.filter(processed_at=None)
            .filter(Q(tried_at=None) | Q(tried_at__lt=now() - RETRY_AFTER))
            .order_by(F("tried_at").asc(nulls_first=True), "pk")
            .values_list("location_id", "pk")[:500]
        )
    for location_id, event_id in waiting:
        process_gateway_event(location_id=location_id, event_id=event_id)


@shared_task
def fetch_missed_events() -> None:
    """Ask the gateways for events that did not reach us; what is new is processed at once."""
    with scopes_disabled():
        heard = list(
            GatewayConnection.objects.in_use()
            .exclude(webhook_secret="")
            .values_list("location_id", "pk")
        )
    for location_id, connection_id in heard:
        with scope(location=location_id):
            connection = GatewayConnection.objects.get(pk=connection_id)
            try:
                taken = take_missed_events(connection=connection, at=now())
            except (GatewayRefused, GatewayUnavailable) as trouble:
                log.warning("missed_events_not_read", connection=connection_id, reason=str(trouble))
                continue
        for event in taken:
            log.warning("missed_event_taken", connection=connection_id, gateway_event=event.pk)
            process_gateway_event(location_id=location_id, event_id=event.pk)


@shared_task
def sweep_cards() -> None:
    """Have the gateways forget cards that their owners did not keep or have removed."""
    with scopes_disabled():
        cards = list(
            Card.objects.filter(pk__in=cards_to_detach(at=now())).values_list("location_id", "pk")
        )
    for location_id, card_id in cards:
        with scope(location=location_id):
            try:
                detach_card(card_id)
            except GatewayRefused as refusal:
                log.error("card_not_detached", card=card_id, code=refusal.code)


@shared_task
def sweep_disconnected() -> None:
    """Let go of the gateways that were left, once nothing is under way there."""
    with scopes_disabled():
        leaving = list(
            GatewayConnection.objects.filter(pk__in=connections_to_finish(at=now())).values_list(
                "location_id", "pk"
            )
        )
    for location_id, connection_id in leaving:
        with scope(location=location_id):
            try:
                finish_disconnecting(connection_id, at=now())
            except GatewayUnavailable as silence:
                log.warning("gateway_not_left", connection=connection_id, reason=str(silence))


@shared_task
def check_connections() -> None:
    """Ask the gateways whether the locations' accounts and keys are still good."""
    with scopes_disabled():
        connected = list(GatewayConnection.objects.for_cards().values_list("location_id", "pk"))
    for location_id, connection_id in connected:
        with scope(location=location_id):
            connection = GatewayConnection.objects.select_related("location").get(pk=connection_id)
            try:
                check_connection(connection=connection, at=now())
            except GatewayUnavailable as silence:
                log.warning("gateway_not_checked", connection=connection_id, reason=str(silence))
