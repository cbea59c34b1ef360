"""What happened, on its way to endpoints: planned, claimed, taken or tried again, replayed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import User
from community.services import record_audit
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from notifications.services.calling import Answer, Message
from notifications.services.endpoints import lock_endpoint, signing_secrets, stop_calling
from notifications.statements import lock_due_endpoint

EVENTS_AT_ONCE = 500
TRIED_FOR = timedelta(days=3)
PAUSES = [timedelta(seconds=it) for it in (5, 30, 120, 600, 1800, 3600, 7200, 14400)]
LONGEST_PAUSE = timedelta(hours=6)
# Longer than a call may take: until then a claimed delivery is its worker's alone.
CLAIMED_FOR = timedelta(minutes=2)
SHORTEST_REST, LONGEST_REST = timedelta(seconds=10), timedelta(minutes=15)
KEPT_FOR = timedelta(days=30)

Facts = Callable[[WebhookEvent], dict[str, Any]]
State = WebhookDelivery.State


class EndpointIsDisabled(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Enable the webhook first."), code="endpoint_is_disabled")


def events_to_plan() -> list[WebhookEvent]:
    """What nobody has planned yet at the locations in scope, oldest first."""
    return list(WebhookEvent.objects.filter(planned_at=None).order_by("pk")[:EVENTS_AT_ONCE])


@transaction.atomic
def plan_event(*, event: WebhookEvent, facts: Facts, at: datetime) -> None:
    """Put together what is told of an event, once, and owe it to each endpoint that hears it."""
    waiting = WebhookEvent.objects.select_for_update(no_key=True, skip_locked=True)
    if not waiting.filter(pk=event.pk, planned_at=None).exists():
        return  # another worker has it
    happened = event.happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    event.payload = {"type": event.kind, "timestamp": happened, "data": facts(event)}
    event.planned_at = at
    event.save(update_fields=["payload", "planned_at"])
    hears = WebhookEndpoint.objects.filter(disabled_at=None, events__contains=[event.kind])
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            event=event,
            endpoint=endpoint,
            created_at=at,
            next_try_at=at,
            give_up_at=at + TRIED_FOR,
        )
        for endpoint in hears
    )


@transaction.atomic
def claim_webhook(*, at: datetime) -> WebhookDelivery | None:
    """Take an endpoint that is due, at any location, and with it the oldest that it is owed.

    An endpoint is called by one worker at a time, so what is slow or dead holds up only its own.
    If we die the claim lapses, and the delivery is sent by another: perhaps twice, never not.
    """
    endpoint_id = lock_due_endpoint(at=at)
    due = WebhookDelivery.objects.all().due(at=at).filter(endpoint=endpoint_id)
    locked = due.select_for_update(no_key=True, of=("self",))
    rows = locked.select_related("event", "endpoint__location").order_by("next_try_at", "pk")
    delivery: WebhookDelivery | None = rows.first() if endpoint_id else None
    if delivery is None:
        return None
    delivery.next_try_at = delivery.endpoint.next_call_at = at + CLAIMED_FOR
    delivery.tried_at = at
    delivery.attempts += 1
    delivery.save(update_fields=["next_try_at", "tried_at", "attempts"])
    delivery.endpoint.save(update_fields=["next_call_at"])
    return delivery


def message_of(delivery: WebhookDelivery, *, at: datetime) -> Message:
    """What is to be posted, read as a whole: whoever calls needs no database."""
    return Message(
        url=delivery.endpoint.url,
        secrets=signing_secrets(delivery.endpoint, at=at),
        message_id=delivery.event.message_id,
        body=json.dumps(delivery.event.payload, separators=(",", ":")).encode(),
        at=at,
    )


@transaction.atomic
def note_answer(*, delivery: WebhookDelivery, answer: Answer, at: datetime) -> None:
    """Note what an endpoint said; of a claim that lapsed or was replayed, only how it is."""
    endpoint = lock_endpoint(delivery.endpoint_id)  # first, as whoever replays does
    ours = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=State.OWED, attempts=delivery.attempts, tried_at=delivery.tried_at
    )
    noted = {"status": answer.status, "trouble": answer.trouble}
    if answer.is_taken:
        ours.update(state=State.SENT, **noted)
    elif at >= delivery.give_up_at:
        ours.update(state=State.FAILED, **noted)
    else:
        ours.update(next_try_at=at + _pause(delivery.attempts), **noted)
    _note_endpoint(endpoint, answer, at=at)


def _pause(attempts: int) -> timedelta:
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else LONGEST_PAUSE


def _note_endpoint(endpoint: WebhookEndpoint, answer: Answer, *, at: datetime) -> None:
    """Let it rest the longer the longer it fails, and stop in the end."""
    if answer.is_taken:
        endpoint.failing_since, endpoint.next_call_at = None, at
    else:
        endpoint.failing_since = endpoint.failing_since or at
        failing_for = at - endpoint.failing_since
        endpoint.next_call_at = at + min(max(failing_for / 4, SHORTEST_REST), LONGEST_REST)
    endpoint.save(update_fields=["failing_since", "next_call_at"])
    is_done_for = endpoint.failing_since and at - endpoint.failing_since >= TRIED_FOR
    if endpoint.disabled_at is None and (answer.is_gone or is_done_for):
        stop_calling(endpoint, is_gone=answer.is_gone, at=at)


@transaction.atomic
def replay_delivery(*, delivery: WebhookDelivery, by: User, at: datetime) -> None:
    """Send it again, under the same id, taken or given up, even if the endpoint rests.

    :raises EndpointIsDisabled:
    """
    endpoint = lock_endpoint(delivery.endpoint_id)
    if endpoint.disabled_at:
        raise EndpointIsDisabled
    endpoint.next_call_at = at
    endpoint.save(update_fields=["next_call_at"])
    delivery.state, delivery.attempts = State.OWED, 0
    delivery.next_try_at, delivery.give_up_at = at, at + TRIED_FOR
    delivery.save(update_fields=["state", "attempts", "next_try_at", "give_up_at"])
    record_audit(
        location=endpoint.location,
        by=by,
        action="webhook replayed",
        subject=f"webhook {endpoint.pk}",
        after={"message": delivery.event.message_id},
        at=at,
    )


@transaction.atomic
def forget_old_webhooks(*, at: datetime) -> int:
    """Forget what happened long ago at the locations in scope, and the log of telling it."""
    old = WebhookEvent.objects.filter(happened_at__lte=at - KEPT_FOR)
    WebhookDelivery.objects.filter(event__in=old).delete()
    return old.delete()[0]
