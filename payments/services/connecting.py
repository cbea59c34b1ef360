from datetime import datetime
from typing import Any, cast
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.services.audit import record_audit
from payments.gateways.protocol import (
    Account,
    AddressUnreachable,
    CardGateway,
    Credentials,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    KeyRefused,
)
from payments.gateways.registry import KINDS, abilities_of
from payments.models import GatewayConnection

log = structlog.get_logger(__name__)


class GatewayConnected(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This payment service is connected already."), code="gateway_connected")


class GatewayGone(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This payment service was disconnected meanwhile."), code="gateway_gone")


def gateway_of(connection: GatewayConnection) -> Gateway:
    """The code that speaks to the connection's account."""
    return KINDS[connection.gateway].speak(
        Credentials(
            account=connection.account,
            publishable_key=connection.publishable_key,
            secret_key=connection.secret_key,
            api_base=api_base(connection),
        )
    )


def card_gateway_of(connection: GatewayConnection) -> CardGateway:
    """The same of a gateway that keeps and charges cards."""
    assert abilities_of(connection.gateway).charges_cards
    return cast("CardGateway", gateway_of(connection))


def api_base(connection: GatewayConnection) -> str:
    """Where a connection's API is: its kind's, or the operator's for this one.

    A path is joined to its kind's, so that a stand-in may move to another port.
    """
    home, own = KINDS[connection.gateway].api_base(), connection.api_base
    if own.startswith("/"):
        return f"{home.rstrip('/')}{own}"
    return own or home


def webhook_url(connection: GatewayConnection) -> str:
    return urljoin(f"{settings.BASE_URL}/", f"webhooks/{connection.gateway}/{connection.key}/")


def connect_gateway(
    *,
    location: Location,
    gateway: str,
    publishable_key: str,
    secret_key: str,
    at: datetime,
    by: User | None = None,
    own_api_base: str = "",
) -> GatewayConnection:
    """Connect a location to its account at a gateway, and ask for its webhooks.

    An account that was connected before is the same connection again, with its saved cards. Where
    the gateway can't reach us there are no webhooks; pages and the sweeper settle without them.
    Calls the gateway: never inside a transaction.

    :param own_api_base: only from the operator's command, never from a page
    :raises GatewayConnected: if one of this kind is connected
    :raises KeyRefused: if a key does not do what is asked of it
    :raises GatewayRefused: if the gateway refuses anything else
    :raises GatewayUnavailable: if it could not be heard
    """
    if GatewayConnection.objects.connected().filter(gateway=gateway).exists():
        raise GatewayConnected
    connection = GatewayConnection(
        location=location,
        gateway=gateway,
        publishable_key=publishable_key,
        secret_key=secret_key,
        api_base=own_api_base,
        connected_at=at,
        connected_by=by,
    )
    account = gateway_of(connection).check_keys(currency=location.currency)
    note_account(connection, account, at=at)
    connection.account, connection.livemode = account.reference, account.livemode
    ask_for_webhooks(connection)
    try:
        before = _keep_connection(connection, by=by, at=at)
    except (IntegrityError, GatewayConnected) as rival:
        drop_webhook(connection, connection.webhook_reference)
        raise GatewayConnected from rival
    drop_webhook(connection, before)
    return connection


def ask_for_webhooks(connection: GatewayConnection) -> None:
    """Have events sent to us, if the gateway can reach us. The caller saves the connection.

    :raises GatewayRefused, GatewayUnavailable:
    """
    try:
        webhook = gateway_of(connection).create_webhook(url=webhook_url(connection))
    except AddressUnreachable:
        connection.webhook_reference = connection.webhook_secret = ""
    else:
        connection.webhook_reference = webhook.reference
        connection.webhook_secret = webhook.secret


def drop_webhook(connection: GatewayConnection, reference: str) -> None:
    """Have no events sent there any more. One that stays is answered with 404."""
    if not reference:
        return
    try:
        gateway_of(connection).remove_webhook(reference)
    except (GatewayRefused, GatewayUnavailable) as trouble:
        log.warning("webhook_not_removed", reference=reference, reason=str(trouble))


@transaction.atomic
def _keep_connection(connection: GatewayConnection, *, by: User | None, at: datetime) -> str:
    """Write the connection, over the row of the same account if there is one.

    Returns the webhook that this row had.
    """
    last = GatewayConnection.objects.connected().aggregate(last=Max("position"))["last"]
    connection.position = (last or 0) + 1
    earlier = (
        GatewayConnection.objects.select_for_update(no_key=True)
        .filter(
            gateway=connection.gateway, account=connection.account, livemode=connection.livemode
        )
        .first()
    )
    if earlier is None:
        connection.save(force_insert=True)
    elif earlier.state == GatewayConnection.State.CONNECTED:
        raise GatewayConnected
    else:
        connection.pk = earlier.pk
        connection.save(force_update=True)
    _audit("gateway connected", connection, by=by, at=at, after=facts_of(connection))
    return earlier.webhook_reference if earlier else ""


def change_keys(
    *,
    connection: GatewayConnection,
    publishable_key: str,
    secret_key: str,
    by: User,
    at: datetime,
) -> None:
    """Put other keys of the same account in the place of these. An empty one stays as it is.

    Calls the gateway: never inside a transaction.

    :raises KeyRefused: if one does not do what is asked of it, or is of another account or mode
    :raises GatewayGone: if it was disconnected meanwhile
    :raises GatewayRefused, GatewayUnavailable:
    """
    trial = GatewayConnection(
        gateway=connection.gateway,
        account=connection.account,
        publishable_key=publishable_key or connection.publishable_key,
        secret_key=secret_key or connection.secret_key,
        api_base=connection.api_base,
    )
    account = gateway_of(trial).check_keys(currency=connection.location.currency)
    if account.livemode != connection.livemode:
        raise KeyRefused("secret_key", "key_of_another_mode")
    if account.reference != connection.account:
        raise KeyRefused("secret_key", "key_of_another_account")
    _keep_keys(connection, trial, account, by=by, at=at)


@transaction.atomic
def _keep_keys(
    connection: GatewayConnection,
    trial: GatewayConnection,
    account: Account,
    *,
    by: User,
    at: datetime,
) -> None:
    kept = lock_connection(connection)
    before = facts_of(kept)
    kept.publishable_key, kept.secret_key = trial.publishable_key, trial.secret_key
    note_account(kept, account, at=at)
    kept.save(update_fields=["publishable_key", "secret_key", *ACCOUNT_FIELDS])
    _audit("gateway keys changed", kept, by=by, at=at, before=before, after=facts_of(kept))


ACCOUNT_FIELDS = [
    "account_name",
    "country",
    "account_currency",
    "charges_enabled",
    "clock_offset_seconds",
    "checked_at",
    "check_failure",
]


def note_account(connection: GatewayConnection, account: Account, *, at: datetime) -> None:
    """Put down what the gateway says of the account. The caller saves `ACCOUNT_FIELDS`."""
    connection.account_name = account.name
    connection.country = account.country
    connection.account_currency = account.currency
    connection.charges_enabled = account.charges_enabled
    connection.clock_offset_seconds = (
        round((account.answered_at - at).total_seconds()) if account.answered_at else None
    )
    connection.checked_at, connection.check_failure = at, ""


def lock_connection(connection: GatewayConnection) -> GatewayConnection:
    """Lock a connected row.

    :raises GatewayGone: if it is no longer connected
    """
    row: GatewayConnection | None
    row = (
        GatewayConnection.objects.connected()
        .select_for_update(no_key=True, of=("self",))
        .select_related("location")
        .filter(pk=connection.pk)
        .first()
    )
    if row is None:
        raise GatewayGone
    return row


def facts_of(connection: GatewayConnection) -> dict[str, Any]:
    """What the audit says of a connection: never a key, but how it ends."""
    return {
        "account": connection.account,
        "mode": "live" if connection.livemode else "test",
        "key_ending": connection.key_ending,
    }


def _audit(
    action: str,
    connection: GatewayConnection,
    *,
    by: User | None,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record_audit(
        location=connection.location,
        by=by,
        action=action,
        subject=connection.gateway,
        at=at,
        before=before,
        after=after,
    )


def renew_webhook(*, connection: GatewayConnection) -> None:
    """Have all events that we know sent to where this installation is reached now.

    :raises GatewayRefused, GatewayUnavailable: it may still send them elsewhere
    """
    webhook = gateway_of(connection).move_webhook(url=webhook_url(connection))
    if webhook:
        connection.webhook_reference, connection.webhook_secret = webhook.reference, webhook.secret
        GatewayConnection.objects.connected().filter(pk=connection.pk).update(
            webhook_reference=webhook.reference, webhook_secret=webhook.secret
        )
