from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

import structlog
from celery import shared_task
from django.db.models import F, Q
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from community.models import Location
from membership.services.events import EventWaits, process_event
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable
from payments.models import Alarm, Card, GatewayConnection, GatewayEvent
from payments.selectors import conditions_now
from payments.services.alarms import clear_alarm, raise_alarm
from payments.services.cards import cards_to_detach, detach_card
from payments.services.disconnecting import connections_to_finish, finish_disconnecting
from payments.services.events import note_event_failure, take_missed_events
from payments.services.health import check_connection

log = structlog.get_logger(__name__)
RETRY_AFTER = timedelta(seconds=60)
# A gateway that is slow to answer makes a run long; the beat begins the next one after a minute.
RUN_LASTS = timedelta(seconds=50)


class RunIncomplete(Exception):
    """Rows of a run that failed by a bug of ours; the log has each one's reason."""


def take_each(rows: Iterable[tuple[int, int]], work: Callable[[int], None], *, failure: str) -> int:
    """Do it for each row, in its location; gives how many are left to the next run.

    :param failure: how the log names a row that failed: it must not keep the others from their turn
    :raises RunIncomplete: at the end, if some did
    """
    began, failures, left = now(), 0, 0
    for location_id, row_id in rows:
        if now() - began > RUN_LASTS:
            left += 1
            continue
        try:
            with scope(location=location_id):
                work(row_id)
        except Exception:  # a bug about one row
            failures += 1
            log.exception(failure, location=location_id, row=row_id)
    if failures:
        raise RunIncomplete(failures)
    return left


@shared_task
def process_gateway_event(*, location_id: int, event_id: int) -> None:
    with scope(location=location_id):
        _process(event_id)


def _process(event_id: int) -> None:
    """Do what an event asks for; one that can't be done waits for its next turn, and says why."""
    try:
        process_event(event_id=event_id, at=now())
    except EventWaits as why:
        log.error("gateway_event_waits", gateway_event=event_id, reason=str(why))
        note_event_failure(event_id=event_id, error=str(why), at=now())
    except Exception as bug:
        note_event_failure(event_id=event_id, error=type(bug).__name__, at=now())
        raise


@shared_task
def sweep_events() -> None:
    """Take the events that no worker has processed, the longest untried first.

    :raises RunIncomplete: at the end, if some failed by a bug of ours
    """
    with scopes_disabled():
        waiting = list(
            GatewayEvent.objects.filter(processed_at=None)
            .filter(Q(tried_at=None) | Q(tried_at__lt=now() - RETRY_AFTER))
            .order_by(F("tried_at").asc(nulls_first=True), "pk")
            .values_list("location_id", "pk")[:500]
        )
    take_each(waiting, _process, failure="gateway_event_not_processed")


@shared_task
def fetch_missed_events() -> None:
    """Ask the gateways for events that did not reach us; what is new is processed at once.

    :raises RunIncomplete: at the end, if some failed by a bug of ours
    """
    with scopes_disabled():
        heard = list(
            GatewayConnection.objects.in_use()
            .exclude(webhook_secret="")
            .values_list("location_id", "pk")
        )
    take_each(heard, _fetch_missed, failure="missed_events_not_read")


def _fetch_missed(connection_id: int) -> None:
    connection = GatewayConnection.objects.get(pk=connection_id)
    try:
        taken = take_missed_events(connection=connection, at=now())
    except (GatewayRefused, GatewayUnavailable) as trouble:
        log.warning("missed_events_not_read", connection=connection_id, reason=str(trouble))
        return
    for event in taken:
        log.warning("missed_event_taken", connection=connection_id, gateway_event=event.pk)
        _process(event.pk)


@shared_task
def watch_payments() -> None:
    """Raise what asks for a person now, and clear what does no longer.

    :raises RunIncomplete: at the end, if some failed by a bug of ours
    """
    with scopes_disabled():
        due = conditions_now(at=now())
        standing = set(
            Alarm.objects.filter(cleared_at=None).values_list("location_id", "condition")
        )
    for change, found in ((raise_alarm, due - standing), (clear_alarm, standing - due)):
        for condition in Alarm.Condition.values:
            places = sorted(place for place, is_on in found if is_on == condition)
            take_each(
                [(place, place) for place in places],
                partial(_change_alarm, change, condition),
                failure="alarm_not_changed",
            )


def _change_alarm(change: Callable[..., None], condition: str, location_id: int) -> None:
    change(location=Location.objects.get(pk=location_id), condition=condition, at=now())


@shared_task
def sweep_cards() -> None:
    """Have the gateways forget cards that their owners did not keep or have removed.

    :raises RunIncomplete: at the end, if some failed by a bug of ours
    """
    with scopes_disabled():
        cards = list(
            Card.objects.filter(pk__in=cards_to_detach(at=now())).values_list("location_id", "pk")
        )
    take_each(cards, _forget_card, failure="card_not_forgotten")


def _forget_card(card_id: int) -> None:
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
        connected = list(GatewayConnection.objects.spoken_to().values_list("location_id", "pk"))
    for location_id, connection_id in connected:
        with scope(location=location_id):
            connection = GatewayConnection.objects.select_related("location").get(pk=connection_id)
            try:
                check_connection(connection=connection, at=now())
            except GatewayUnavailable as silence:
                log.warning("gateway_not_checked", connection=connection_id, reason=str(silence))
