from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from membership.services.settlement import Settled, settle_transaction
from payments.gateways.protocol import ChargeOutcome
from payments.models import GatewayConnection, GatewayEvent, Transaction
from payments.services.connecting import gateway_of
from payments.services.events import NO_ROW, NOT_OURS
from payments.services.reviewing import open_mismatch

log = structlog.get_logger(__name__)
# Our row is there before the gateway hears of its key, so what has none by then gets none:
# another installation's on the same account, or money of before a backup that was restored.
ROW_IS_THERE_WITHIN = timedelta(minutes=10)


class EventWaits(Exception):
    """The event is ours but can't be processed yet; it is tried again."""


@transaction.atomic
def process_event(*, event_id: int, at: datetime) -> None:
    """Do what a stored event asks for, once; it is marked in the transaction of its effect.

    Money of ours that does not match goes to review, which is all that is done for it. What names
    money of ours that is not known, or another account, is put aside after a while, with an alarm.

    :raises EventWaits: until then
    """
    event = (
        GatewayEvent.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection")
        .get(pk=event_id)
    )
    if event.processed_at:
        return
    reported = gateway_of(event.connection).read_event(event.payload)
    event.error = ""
    if reported.charge and reported.charge.key:
        charge = _charge_of(event.connection, reported.charge.key)
        if charge is None:
            _put_aside(event, NO_ROW, at=at)
        elif not _is_good(event, charge, reported.account, reported.charge, at=at):
            event.error = "differs from what was asked for: see the reviews"
    elif reported.account != event.connection.account:
        _put_aside(event, NOT_OURS, at=at)
    event.processed_at = at
    event.save(update_fields=["processed_at", "error"])


def _put_aside(event: GatewayEvent, why: str, *, at: datetime) -> None:
    if at - event.received_at < ROW_IS_THERE_WITHIN:
        raise EventWaits(why)
    log.error("gateway_event_put_aside", gateway_event=event.pk, reason=why)
    event.error = why


def _is_good(
    event: GatewayEvent, charge: Transaction, account: str, outcome: ChargeOutcome, *, at: datetime
) -> bool:
    """Settle the charge, if all that the event says of it is what was asked for."""
    if account == event.connection.account:
        settled = settle_transaction(
            transaction_id=charge.pk, location_id=event.location_id, outcome=outcome, at=at
        )
        return settled is not Settled.MISMATCH
    open_mismatch(
        charge_id=charge.pk,
        location_id=event.location_id,
        expected={"account": event.connection.account},
        reported={"account": account, "reference": outcome.reference, "state": str(outcome.state)},
        at=at,
    )
    return False


def _charge_of(connection: GatewayConnection, key: str) -> Transaction | None:
    try:
        known = UUID(key)
    except ValueError:  # something else of the account uses our word
        return None
    charge: Transaction | None
    charge = Transaction.objects.filter(connection=connection, key=known).first()
    return charge
