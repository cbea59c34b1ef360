from dataclasses import dataclass
from datetime import datetime, timedelta

from payments.models import GatewayConnection, GatewayEvent, Transaction
from payments.services.connecting import gateway_of

TEST_IS_AMONG = 50
# A worker takes an event within seconds; later something is wrong.
WAITS_FROM = timedelta(minutes=1)


@dataclass(frozen=True)
class EventFacts:
    """What of a connection's webhooks has come in, and what waits."""

    last_kind: str
    last_at: datetime | None
    waiting: int
    test_came_at: datetime | None


def event_facts(connection: GatewayConnection, *, at: datetime) -> EventFacts:
    events = GatewayEvent.objects.filter(connection=connection)
    last = events.order_by("-received_at").values_list("kind", "received_at").first()
    return EventFacts(
        last_kind=last[0] if last else "",
        last_at=last[1] if last else None,
        waiting=events.filter(processed_at=None, received_at__lt=at - WAITS_FROM).count(),
        test_came_at=_arrival_of_test(connection),
    )


def _arrival_of_test(connection: GatewayConnection) -> datetime | None:
    """When the event came that tells of the last test; it is one of the first after it."""
    if not connection.tested_at:
        return None
    gateway = gateway_of(connection)
    since = GatewayEvent.objects.filter(
        connection=connection, received_at__gte=connection.tested_at
    )
    for event in since.order_by("received_at")[:TEST_IS_AMONG]:
        charge = gateway.read_event(event.payload).charge
        if charge and charge.reference == connection.test_reference:
            return event.received_at
    return None


def payments_under_way(connection: GatewayConnection) -> int:
    return Transaction.objects.filter(
        connection=connection, state=Transaction.State.PENDING
    ).count()
