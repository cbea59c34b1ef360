"""Leaving a gateway: nothing new begins there, what is under way is finished, then the keys go."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from community.models import User
from community.services.audit import record_audit
from payments.gateways.protocol import GatewayRefused
from payments.models import Card, GatewayConnection, GatewayEvent, Transaction
from payments.services.connecting import facts_of, gateway_of, lock_connection

log = structlog.get_logger(__name__)
# Longer than any transaction lasts: whoever saw the gateway connected has written their charge.
SETTLES_WITHIN = timedelta(seconds=60)
# Cards that can't be detached in that time, as their key was revoked, hold up nobody.
DETACHES_WITHIN = timedelta(days=1)


@transaction.atomic
def disconnect_gateway(*, connection: GatewayConnection, by: User, at: datetime) -> None:
    """Offer the gateway no more and hide its cards. The keys stay until nothing is under way.

    :raises GatewayGone: if it is disconnected already
    """
    connection = lock_connection(connection)
    connection.state = GatewayConnection.State.DISCONNECTING
    connection.disconnected_at = at
    connection.save(update_fields=["state", "disconnected_at"])
    record_audit(
        location=connection.location,
        by=by,
        action="gateway disconnected",
        subject=connection.gateway,
        at=at,
        before=facts_of(connection),
    )


def connections_to_finish(*, at: datetime) -> list[int]:
    """Disconnected ones of which nothing is under way any more."""
    here = OuterRef("pk")
    under_way = (
        Transaction.objects.filter(connection=here, state=Transaction.State.PENDING),
        GatewayEvent.objects.filter(connection=here, processed_at=None),
    )
    to_detach = Card.objects.filter(connection=here, state=Card.State.RELEASED)
    leaving = GatewayConnection.objects.filter(
        *(~Exists(rows) for rows in under_way),
        ~Exists(to_detach) | Q(disconnected_at__lte=at - DETACHES_WITHIN),
        state=GatewayConnection.State.DISCONNECTING,
        disconnected_at__lte=at - SETTLES_WITHIN,
    )
    return list(leaving.order_by("pk").values_list("pk", flat=True)[:100])


def finish_disconnecting(connection_id: int, *, at: datetime) -> None:
    """Have the gateway send no more events and forget its secrets. Safe to repeat.

    Calls the gateway: never inside a transaction.

    :raises GatewayUnavailable: if it could not be heard; nothing changed
    """
    connection = GatewayConnection.objects.get(pk=connection_id)
    if connection_id not in connections_to_finish(at=at):
        return
    if connection.webhook_reference:
        try:
            gateway_of(connection).remove_webhook(connection.webhook_reference)
        except GatewayRefused as refusal:  # its key may be revoked: then it sends to a 404
            log.warning("webhook_not_removed", connection=connection_id, code=refusal.code)
    _forget_secrets(connection_id, at=at)


@transaction.atomic
def _forget_secrets(connection_id: int, *, at: datetime) -> None:
    connection = GatewayConnection.objects.select_for_update(no_key=True).get(pk=connection_id)
    if connection_id not in connections_to_finish(at=at):  # it came back, or a payment did
        return
    connection.state = GatewayConnection.State.DISCONNECTED
    connection.secret_key = connection.webhook_secret = connection.webhook_reference = ""
    connection.save(update_fields=["state", "secret_key", "webhook_secret", "webhook_reference"])
