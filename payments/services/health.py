"""Whether a connection is well: what its gateway says of it, and whether its events come."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Case, F, When

from community.services.people import admins_of
from notifications.models import Notification
from notifications.services import notify
from payments.gateways.protocol import AddressUnreachable, GatewayRefused, GatewayShut, NotPermitted
from payments.models import GatewayConnection
from payments.services.connecting import (
    ACCOUNT_FIELDS,
    ask_for_webhooks,
    gateway_of,
    note_account,
    renew_webhook,
)

log = structlog.get_logger(__name__)

WEBHOOK_FIELDS = ["webhook_reference", "webhook_secret"]
REFUSED_IN_A_ROW_WITHIN = timedelta(minutes=10)
TEST_FIELDS = ["tested_at", "test_reference"]


def check_connection(*, connection: GatewayConnection, at: datetime) -> None:
    """Ask the gateway about the account, and put down what it says or why it did not.

    Its webhook is brought up to date.

    Calls the gateway: never inside a transaction.

    :raises GatewayUnavailable: if it could not be heard
    """
    try:
        account = gateway_of(connection).read_account()
        _keep_webhook(connection)
    except GatewayRefused as refusal:
        _note_failure(connection, _why(refusal), at=at)
        return
    note_account(connection, account, at=at)
    _save(connection, ACCOUNT_FIELDS)


def _keep_webhook(connection: GatewayConnection) -> None:
    """Have an endpoint that was made for fewer events, or was deleted, send us all of them."""
    if not connection.hears_webhooks:
        return
    try:
        renew_webhook(connection=connection)
    except AddressUnreachable as refusal:  # events still go where they went
        log.warning("webhook_not_renewed", connection=connection.pk, reason=str(refusal))


def send_test(*, connection: GatewayConnection, at: datetime) -> None:
    """Check the connection and let the gateway send an event; it has come once it is stored.

    Webhooks that are off are asked for again: the address may be a public one by now.
    Calls the gateway: never inside a transaction.

    :raises GatewayUnavailable: if it could not be heard
    """
    check_connection(connection=connection, at=at)
    if connection.check_failure:
        return
    try:
        if not connection.hears_webhooks:
            ask_for_webhooks(connection)
            _save(connection, WEBHOOK_FIELDS)
        reference = gateway_of(connection).send_test(currency=connection.location.currency)
    except GatewayRefused as refusal:
        connection.check_failure = _why(refusal)
        _save(connection, ["check_failure"])
        return
    connection.tested_at, connection.test_reference = at, reference
    _save(connection, TEST_FIELDS)


@transaction.atomic
def _note_failure(connection: GatewayConnection, why: str, *, at: datetime) -> None:
    """Put down what is wrong; the admins hear of it when it begins."""
    was_well = not connection.check_failure
    connection.checked_at, connection.check_failure = at, why
    _save(connection, ["checked_at", "check_failure"])
    if was_well:
        notify(
            location=connection.location,
            user_ids=admins_of(connection.location),
            kind=Notification.Kind.GATEWAY_FAILING,
            facts={"gateway": str(connection), "why": why},
            key=f"gateway failing:{connection.pk}:{at.isoformat()}",
            at=at,
        )


def _why(refusal: GatewayRefused) -> str:
    if isinstance(refusal, NotPermitted):
        return "permission_missing"
    if isinstance(refusal, GatewayShut):
        return "key_revoked" if refusal.code == "api_key_expired" else "key_unknown"
    return refusal.code[:60]


def _save(connection: GatewayConnection, names: list[str]) -> None:
    """Write these fields, unless the connection was left meanwhile."""
    GatewayConnection.objects.connected().filter(pk=connection.pk).update(
        **{name: getattr(connection, name) for name in names}
    )


def note_refused_event(*, connection: GatewayConnection, at: datetime) -> None:
    """Count a webhook whose signature was wrong, in all and since the last pause."""
    follows = When(event_refused_at__gt=at - REFUSED_IN_A_ROW_WITHIN, then=F("refused_lately") + 1)
    GatewayConnection.objects.filter(pk=connection.pk).update(
        refused_events=F("refused_events") + 1,
        refused_lately=Case(follows, default=1),
        event_refused_at=at,
    )
