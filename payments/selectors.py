from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum

from payments.models import Alarm, GatewayConnection, GatewayEvent, ReviewCase, Transaction
from payments.services.connecting import gateway_of
from payments.services.events import NO_ROW
from payments.services.health import REFUSED_IN_A_ROW_WITHIN

TEST_IS_AMONG = 50
# A worker takes an event within seconds; later something is wrong.
WAITS_FROM = timedelta(minutes=1)

# From when on something is an alarm.
PENDING_FOR = timedelta(minutes=30)
UNASKED_FOR = timedelta(minutes=10)
UNPROCESSED_FOR = timedelta(minutes=15)
PUT_ASIDE_SINCE = timedelta(days=1)
REFUSED_IN_A_ROW = 3
CLOCK_MAY_DIFFER_SECONDS = 60


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


def conditions_now(*, at: datetime) -> set[tuple[int, str]]:
    """What asks for a person, at which location."""
    sent = Transaction.objects.filter(state=Transaction.State.PENDING, submitted_at__isnull=False)
    connected = GatewayConnection.objects.connected().order_by()
    long_ago = at - UNASKED_FOR
    clock = Q(clock_offset_seconds__gt=CLOCK_MAY_DIFFER_SECONDS)
    clock |= Q(clock_offset_seconds__lt=-CLOCK_MAY_DIFFER_SECONDS)
    is_on = Alarm.Condition
    found: dict[str, QuerySet[Any]] = {
        is_on.PENDING: sent.filter(submitted_at__lt=at - PENDING_FOR),
        is_on.UNASKED: sent.filter(submitted_at__lt=long_ago).filter(
            Q(asked_at=None) | Q(asked_at__lt=long_ago)
        ),
        is_on.EVENTS: GatewayEvent.objects.filter(
            processed_at=None, received_at__lt=at - UNPROCESSED_FOR
        ),
        is_on.NO_ROW: GatewayEvent.objects.exclude(error="").filter(
            error=NO_ROW, processed_at__isnull=False, received_at__gt=at - PUT_ASIDE_SINCE
        ),
        is_on.SIGNATURES: connected.filter(
            refused_lately__gt=REFUSED_IN_A_ROW, event_refused_at__gt=at - REFUSED_IN_A_ROW_WITHIN
        ),
        is_on.MISMATCH: ReviewCase.objects.open().filter(reason=ReviewCase.Reason.MISMATCH),
        is_on.CLOCK: connected.filter(clock),
    }
    return {
        (location_id, str(condition))
        for condition, rows in found.items()
        for location_id in rows.values_list("location_id", flat=True).distinct()
    }


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
    alarms = Alarm.objects.filter(cleared_at=None).count()
    return {
        "alarms": ("Alarms that stand", alarms),
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
