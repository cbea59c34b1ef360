from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog
from celery import shared_task
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from community.api.telling import facts_of
from config.runs import Run, Runs
from notifications.models import WebhookDelivery
from notifications.services.calling import Answer, call_endpoint
from notifications.services.delivering import (
    claim_next_delivery,
    deliver,
    give_up,
    give_up_what_was_abandoned,
    plan_deliveries,
)
from notifications.services.webhooks import (
    claim_webhook,
    events_to_plan,
    forget_old_webhooks,
    message_of,
    note_answer,
    plan_event,
)

# Twice the endpoints that a location may have: slow ones of one must not hold up another's.
CALLS_AT_ONCE = 20
SENDING, CALLING = Runs(), Runs()
log = structlog.get_logger(__name__)


@shared_task
def send_notifications() -> int:
    """Plan what is new and send what is owed, at all locations; gives how many it has dealt with.

    Any number of workers may do so at once: each delivery is claimed by one.
    """
    while plan_deliveries(at=now()):
        pass
    with SENDING.begin() as run:
        return send_what_is_owed(run) if run else 0


def send_what_is_owed(run: Run) -> int:
    dealt_with = 0
    while not run.is_over:
        claimed = claim_next_delivery(at=now())
        if claimed is None:
            break
        try:
            run.failures += not deliver(claimed, at=now())
        except Exception as bug:  # one piece of news must not keep the others from their readers
            log.exception("notification_not_delivered", delivery=claimed.delivery_id)
            give_up(claimed, trouble=type(bug).__name__, at=now())
        dealt_with += 1
    return dealt_with


@shared_task
def sweep_deliveries() -> None:
    """Give up what workers that died were sending."""
    if abandoned := give_up_what_was_abandoned(at=now()):
        log.warning("deliveries_abandoned", number=abandoned)


@shared_task
def send_webhooks() -> None:
    """Plan what happened and call the endpoints that are due; any number of workers may at once."""
    plan_webhooks()
    with CALLING.begin() as run:
        if run:
            call_webhooks(run)


def plan_webhooks() -> None:
    with scopes_disabled():
        waiting = events_to_plan()
    for event in waiting:
        try:
            with scope(location=event.location_id):
                plan_event(event=event, facts=facts_of, at=now())
        except Exception:  # one event must not keep the others; it stays to be planned
            log.exception("webhook_not_planned", webhook_event=event.pk)


def call_webhooks(run: Run) -> None:
    """Call many endpoints at a time: the threads only call, all that is read and noted is here."""
    under_way: dict[Future[Answer], WebhookDelivery] = {}
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        while True:
            while len(under_way) < CALLS_AT_ONCE and not run.is_over:
                with scopes_disabled():
                    delivery = claim_webhook(at=now())
                if delivery is None:
                    break
                call = pool.submit(call_endpoint, message_of(delivery, at=now()))
                under_way[call] = delivery
            if not under_way:
                return
            for call in wait(under_way, timeout=1, return_when=FIRST_COMPLETED).done:
                delivery = under_way.pop(call)
                with scope(location=delivery.endpoint.location_id):
                    note_answer(delivery=delivery, answer=call.result(), at=now())


@shared_task
def forget_webhooks() -> None:
    """Forget what was told long ago, at all locations."""
    with scopes_disabled():
        forget_old_webhooks(at=now())
