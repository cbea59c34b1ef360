from datetime import datetime
from uuid import UUID

from django.db import transaction

from membership.services.settlement import Settled, settle_transaction
from payments.models import GatewayConnection, GatewayEvent, Transaction
from payments.services.connecting import gateway_of


class EventWaits(Exception):
    """The event is ours but can't be processed yet; it is tried again."""


@transaction.atomic
def process_event(*, event_id: int, at: datetime) -> None:
    """Do what a stored event asks for, once; it is marked in the transaction of its effect.

    :raises EventWaits: if it names money of ours that does not match or is not known yet
    """
    event = (
        GatewayEvent.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connection")
        .get(pk=event_id)
    )
    if event.processed_at:
        return
    reported = gateway_of(event.connection).read_event(event.payload)
    if reported.account != event.connection.account:
        raise EventWaits("another account")
    if reported.charge and reported.charge.key:
        charge = _charge_of(event.connection, reported.charge.key)
        if charge is None:
            raise EventWaits("unknown charge")
        settled = settle_transaction(
            transaction_id=charge.pk,
            location_id=event.location_id,
            outcome=reported.charge,
            at=at,
        )
        if settled is Settled.MISMATCH:
            raise EventWaits("amount, currency, mode or reference differ")
    event.processed_at = at
    event.error = ""
    event.save(update_fields=["processed_at", "error"])


def _charge_of(connection: GatewayConnection, key: str) -> Transaction | None:
    try:
        known = UUID(key)
    except ValueError:  # something else of the account uses our word
        return None
    charge: Transaction | None
    charge = Transaction.objects.filter(connection=connection, key=known).first()
    return charge
