"""The bank account that a location's buyers transfer to. There is no key and nobody to ask."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from community.models import Location, User
from community.services.audit import record_audit
from payments.models import GatewayConnection

TRANSFER = GatewayConnection.Gateway.BANK_TRANSFER


@transaction.atomic
def open_transfers(
    *, location: Location, account_details: str, by: User | None, at: datetime
) -> GatewayConnection:
    """Offer bank transfer to this account from now on, or change the account if it is offered.

    One row per location: transfers that are still awaited show the account as it is now.
    """
    assert account_details
    connection, made = GatewayConnection.objects.select_for_update(no_key=True).get_or_create(
        location=location,
        gateway=TRANSFER,
        account="",
        livemode=True,
        defaults={
            "account_details": account_details,
            "connected_at": at,
            "connected_by": by,
            "position": _last_place(),
        },
    )
    before = None if made else _facts(connection)
    was_open = not made and connection.state == GatewayConnection.State.CONNECTED
    if not made and not was_open:
        connection.state = GatewayConnection.State.CONNECTED
        connection.position = _last_place()
        connection.connected_at, connection.connected_by = at, by
        connection.disconnected_at = None
    connection.account_details = account_details
    connection.account_name = account_details.splitlines()[0][:200]
    connection.save()
    if before != _facts(connection) or not was_open:
        record_audit(
            location=location,
            by=by,
            action="transfer account changed" if was_open else "gateway connected",
            subject=TRANSFER,
            at=at,
            before=before,
            after=_facts(connection),
        )
    return connection


def _last_place() -> int:
    last = GatewayConnection.objects.connected().aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _facts(connection: GatewayConnection) -> dict[str, Any]:
    return {"account_details": connection.account_details}
