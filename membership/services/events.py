from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from membership.services.refunding import follow_taking
from membership.services.settlement import Settled, settle_transaction
from payments.gateways.protocol import Event, GatewayRefused, GatewayShut, GatewayUnavailable
from payments.models import GatewayConnection, GatewayEvent, Transaction
from payments.services.connecting import gateway_of
from payments.services.events import NO_ROW, NOT_OURS
from payments.services.reviewing import open_mismatch
from payments.services.takings import refunded_in_all

log = structlog.get_logger(__name__)
# Our row is there before the gateway hears of its key, so what has none by then gets none:
# another installation's on the same account, or money of before a backup that was restored.
ROW_IS_THERE_WITHIN = timedelta(minutes=10)
DIFFERS = "differs from what was asked for: see the reviews"


class EventWaits(Exception):
    """The event is ours but can't be processed yet; it is tried again."""


def process_event(*, event_id: int, at: datetime) -> None:
    """Do what a stored event asks for, once; it is marked in the transaction of its effect.

    Money of ours that does not match goes to review, which is all that is done for it. What names
    money of ours that is not known, or another account, is put aside after a while, with an alarm.
    Asks the gateway about a charge that was refunded before we heard that it succeeded: never call
    it inside a transaction.

    :raises EventWaits: until then
    """
    event = GatewayEvent.objects.select_related("connection").get(pk=event_id)
    if event.processed_at:
        return
    _process(event_id, _read(event), at=at)


def _read(event: GatewayEvent) -> Event:
    """What the event says, with the outcome of the charge that it is about, if we need it."""
    reported = gateway_of(event.connection).read_event(event.payload)
    charge = _charge_taken_from(reported)
    if not charge or _succeeded(event.connection, charge):
        return reported
    try:
        return replace(reported, charge=gateway_of(event.connection).read_charge(charge))
    except (GatewayShut, GatewayUnavailable) as trouble:
        raise EventWaits(f"charge not read: {trouble}") from trouble
    except GatewayRefused:  # it is no charge of this account
        return reported


def _charge_taken_from(reported: Event) -> str:
    about = reported.taking or reported.refunded
    return about.charge if about else ""


def _succeeded(connection: GatewayConnection, reference: str) -> Transaction | None:
    found: Transaction | None = (
        Transaction.objects.charges()
        .select_related("connection")
        .filter(connection=connection, reference=reference, state=Transaction.State.SUCCEEDED)
        .first()
    )
    return found


@transaction.atomic
def _process(event_id: int, reported: Event, *, at: datetime) -> None:
    event = (
        GatewayEvent.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection")
        .get(pk=event_id)
    )
    if event.processed_at:
        return
    event.error = ""
    is_good = _follow_charge(event, reported, at=at) and _follow_taking(event, reported, at=at)
    if not is_good:
        event.error = event.error or DIFFERS
    event.processed_at = at
    event.save(update_fields=["processed_at", "error"])


def _follow_charge(event: GatewayEvent, reported: Event, *, at: datetime) -> bool:
    """Settle the charge that an event tells of, if all that is said of it is what was asked for."""
    if not reported.charge or not reported.charge.key:
        if reported.account != event.connection.account and not _charge_taken_from(reported):
            return _put_aside(event, NOT_OURS, at=at)
        return True
    charge = _charge_of(event.connection, reported.charge.key)
    if charge is None:
        return _put_aside(event, NO_ROW, at=at)
    if reported.account != event.connection.account:
        _have_account_reviewed(charge, reported, at=at)
        return False
    settled = settle_transaction(
        transaction_id=charge.pk, location_id=event.location_id, outcome=reported.charge, at=at
    )
    return settled is not Settled.MISMATCH


def _put_aside(event: GatewayEvent, why: str, *, at: datetime) -> bool:
    """Let an event wait for a while; after that it is done with, and nothing follows it."""
    if at - event.received_at < ROW_IS_THERE_WITHIN:
        raise EventWaits(why)
    log.error("gateway_event_put_aside", gateway_event=event.pk, reason=why)
    event.error = why
    return False


def _follow_taking(event: GatewayEvent, reported: Event, *, at: datetime) -> bool:
    """Follow the refund or dispute that an event tells of, if it is of a charge of ours."""
    reference = _charge_taken_from(reported)
    if not reference:
        return True
    charge = _succeeded(event.connection, reference)
    if charge is None:
        return _leave(event, reported, at=at)
    if reported.account != event.connection.account:
        _have_account_reviewed(charge, reported, at=at)
        return False
    if reported.taking:
        return follow_taking(charge_id=charge.pk, taking=reported.taking, at=at)
    if reported.refunded and refunded_in_all(charge) < reported.refunded.amount_minor:
        raise EventWaits("a refund is not known yet")
    return True


def _leave(event: GatewayEvent, reported: Event, *, at: datetime) -> bool:
    """Follow no refund or dispute of a charge that brought us nothing."""
    if reported.charge is None:
        return _put_aside(event, NOT_OURS, at=at)
    if reported.charge.key:  # ours, and it has not succeeded
        return _put_aside(event, NO_ROW, at=at)
    return True  # another's who uses the same account


def _have_account_reviewed(charge: Transaction, reported: Event, *, at: datetime) -> None:
    """Have staff look at money of ours that an event reports of another account."""
    outcome, taking = reported.charge, reported.taking
    about = taking or outcome
    open_mismatch(
        charge_id=charge.pk,
        location_id=charge.location_id,
        about=taking.reference if taking else "",
        expected={"account": charge.connection.account},
        reported={
            "account": reported.account,
            "reference": about.reference if about else charge.reference,
            "state": str(about.state) if about else "",
        },
        at=at,
    )


def _charge_of(connection: GatewayConnection, key: str) -> Transaction | None:
    try:
        known = UUID(key)
    except ValueError:  # something else of the account uses our word
        return None
    charge: Transaction | None
    charges = Transaction.objects.charges().select_related("connection")
    charge = charges.filter(connection=connection, key=known).first()
    return charge
