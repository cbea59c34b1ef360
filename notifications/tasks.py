import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Lock

import structlog
from celery import shared_task
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from community.api.telling import facts_of
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

ENOUGH_FAILURES = 5
DELIVERIES_A_RUN = 1000
# Twice the endpoints that a location may have: slow ones of one must not hold up another's.
CALLS_AT_ONCE = 20
CALLING_SECONDS = 30
# One run a process: slow endpoints must not take the threads that settle payments.
CALLING = Lock()
log = structlog.get_logger(__name__)


@shared_task
def send_notifications() -> int:
    """Plan what is new and send what is owed, at all locations; gives how many it has dealt with.

    Any number of workers may do so at once: each delivery is claimed by one.
    """
    while plan_deliveries(at=now()):
        pass
    failures = 0
    for number in range(DELIVERIES_A_RUN):  # the rest is the next run's
        claimed = claim_next_delivery(at=now())
        if claimed is None:
            return number
        try:
            failures += not deliver(claimed, at=now())
        except Exception as bug:  # one piece of news must not keep the others from their readers
            log.exception("notification_not_delivered", delivery=claimed.delivery_id)
            give_up(claimed, trouble=type(bug).__name__, at=now())
        if failures == ENOUGH_FAILURES:  # rather a server's fault than the devices'
            return number + 1
    return DELIVERIES_A_RUN


@shared_task
def sweep_deliveries() -> None:
    """Give up what workers that died were sending."""
    if abandoned := give_up_what_was_abandoned(at=now()):
        log.warning("deliveries_abandoned", number=abandoned)


@shared_task
def send_webhooks() -> None:
    """Plan what happened and call the endpoints that are due; any number of workers may at once."""
    plan_webhooks()
    if not CALLING.acquire(blocking=False):
        return  # the run that is on finds what was planned
    try:
        call_webhooks()
    finally:
        CALLING.release()


def plan_webhooks() -> None:
    with scopes_disabled():
        waiting = events_to_plan()
    for event in waiting:
        try:
            with scope(location=event.location_id):
                plan_event(event=event, facts=facts_of, at=now())
        except Exception:  # one event must not keep the others; it stays to be planned
            log.exception("webhook_not_planned", webhook_event=event.pk)


def call_webhooks() -> None:
    """Call many endpoints at a time: the threads only call, all that is read and noted is here."""
    until = time.monotonic() + CALLING_SECONDS  # the rest is the next run's
    under_way: dict[Future[Answer], WebhookDelivery] = {}
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        while True:
            while len(under_way) < CALLS_AT_ONCE and time.monotonic() < until:
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
