import structlog
from celery import shared_task
from django.utils.timezone import now

from notifications.services.delivering import (
    claim_next_delivery,
    deliver,
    give_up,
    give_up_what_was_abandoned,
    plan_deliveries,
)

ENOUGH_FAILURES = 5
DELIVERIES_A_RUN = 1000
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
