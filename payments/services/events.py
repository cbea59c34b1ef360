from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from payments.models import GatewayConnection, GatewayEvent
from payments.services.connecting import gateway_of

# For how long a gateway is asked again about what it could not deliver; webhooks are retried
# for as long.
MISSED_WITHIN = timedelta(days=3)
# Why an event was put aside.
NO_ROW = "no charge of ours has this key"
NOT_OURS = "another account"


def receive_event(
    *, connection: GatewayConnection, body: bytes, headers: Mapping[str, str], at: datetime
) -> GatewayEvent:
    """Verify a webhook on its raw bytes and keep it, once per event.

    :raises EventNotGenuine: if the signature or its time is wrong
    """
    payload = gateway_of(connection).verify_event(body, headers, secret=connection.webhook_secret)
    return _store_event(connection, payload, at=at)


def take_missed_events(*, connection: GatewayConnection, at: datetime) -> list[GatewayEvent]:
    """Keep the events that the gateway could not deliver, as if they had come by themselves.

    Returns those that are new. Calls the gateway: never inside a transaction.

    :raises GatewayRefused, GatewayUnavailable:
    """
    payloads = gateway_of(connection).missed_events(since=at - MISSED_WITHIN)
    known = set(
        GatewayEvent.objects.filter(
            connection=connection, reference__in=[payload["id"] for payload in payloads]
        ).values_list("reference", flat=True)
    )
    return [
        _store_event(connection, payload, at=at)
        for payload in payloads
        if payload["id"] not in known
    ]


@transaction.atomic
def _store_event(
    connection: GatewayConnection, payload: dict[str, Any], *, at: datetime
) -> GatewayEvent:
    event, _made = GatewayEvent.objects.get_or_create(
        connection=connection,
        reference=payload["id"],
        defaults={
            "location_id": connection.location_id,
            "kind": payload["type"],
            "payload": payload,
            "received_at": at,
        },
    )
    return event


@transaction.atomic
def note_event_failure(*, event_id: int, error: str, at: datetime) -> None:
    """Leave an event waiting, with why; the sweeper tries it again."""
    event = GatewayEvent.objects.select_for_update(no_key=True).get(pk=event_id)
    event.attempts += 1
    event.error, event.tried_at = error[:200], at
    event.save(update_fields=["attempts", "error", "tried_at"])
