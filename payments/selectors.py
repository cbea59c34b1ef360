from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Sum

from payments.models import GatewayConnection, GatewayEvent, ReviewCase, Transaction
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


def payment_figures(*, at: datetime) -> dict[str, tuple[str, float]]:
    """What operations watch of all locations: a name, what it says, and the number."""
    pending = Transaction.objects.filter(
        state=Transaction.State.PENDING, submitted_at__isnull=False
    ).aggregate(count=Count("pk"), oldest=Min("submitted_at"))
    waiting = GatewayEvent.objects.filter(processed_at=None).aggregate(
        count=Count("pk"), oldest=Min("received_at")
    )
    refused = GatewayConnection.objects.aggregate(sum=Sum("refused_events"))["sum"] or 0
    mismatch = ReviewCase.Reason.MISMATCH
    return {
        "pending_charges": ("Charges sent and without an outcome", pending["count"]),
        "pending_charge_age_seconds": ("Age of the oldest of them", _age(pending["oldest"], at)),
        "unprocessed_events": ("Webhooks kept and not processed", waiting["count"]),
        "unprocessed_event_age_seconds": ("Age of the oldest of them", _age(waiting["oldest"], at)),
        "signature_failures": ("Webhooks refused for their signature, ever", refused),
        "open_reviews": ("Payments that staff must look at", ReviewCase.objects.open().count()),
        "open_mismatches": (
            "Those of them that differ from what was asked for",
            ReviewCase.objects.open().filter(reason=mismatch).count(),
        ),
    }


def _age(oldest: datetime | None, at: datetime) -> float:
    return max((at - oldest).total_seconds(), 0) if oldest else 0
