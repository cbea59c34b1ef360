from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location
from payments.gateways.protocol import Credentials, Gateway
from payments.gateways.registry import GATEWAYS
from payments.models import GatewayConnection, GatewayCustomer


class GatewayConnected(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This gateway is connected already."), code="gateway_connected")


def gateway_of(connection: GatewayConnection) -> Gateway:
    """The code that speaks to the connection's account."""
    return GATEWAYS[connection.gateway](
        Credentials(
            account=connection.account,
            publishable_key=connection.publishable_key,
            secret_key=connection.secret_key,
            api_base=api_base(connection.api_base),
        )
    )


def api_base(own: str) -> str:
    """Where a connection's API is: the installation's, or the operator's for this one.

    A path is joined to the installation's, so that a stand-in may move to another port.
    """
    if own.startswith("/"):
        return f"{settings.STRIPE_API_BASE.rstrip('/')}{own}"
    return own or str(settings.STRIPE_API_BASE)


def webhook_url(connection: GatewayConnection) -> str:
    return urljoin(f"{settings.BASE_URL}/", f"webhooks/{connection.gateway}/{connection.key}/")


def connect_gateway(
    *,
    location: Location,
    gateway: GatewayConnection.Gateway,
    publishable_key: str,
    secret_key: str,
    at: datetime,
    own_api_base: str = "",
) -> GatewayConnection:
    """Connect a location to its account at a gateway, and ask for its webhooks.

    :param own_api_base: only from the operator's command, never from a page
    :raises GatewayConnected: if one of this kind is connected
    :raises GatewayRefused: if the gateway does not accept the key
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
    )
    account = gateway_of(connection).read_account()
    connection.account, connection.livemode = account.reference, account.livemode
    connection.webhook_secret = gateway_of(connection).create_webhook(url=webhook_url(connection))
    try:
        _keep_connection(connection)
    except IntegrityError as rival:
        raise GatewayConnected from rival
    return connection


@transaction.atomic
def _keep_connection(connection: GatewayConnection) -> None:
    last = GatewayConnection.objects.connected().aggregate(last=Max("position"))["last"]
    connection.position = (last or 0) + 1
    connection.save(force_insert=True)


def renew_webhook(*, connection: GatewayConnection) -> None:
    """Have the gateway's events sent to where this installation is reached now.

    :raises GatewayRefused, GatewayUnavailable: it may still send them elsewhere
    """
    secret = gateway_of(connection).move_webhook(url=webhook_url(connection))
    if secret:
        connection.webhook_secret = secret
        connection.save(update_fields=["webhook_secret"])


def gateway_customer(connection: GatewayConnection, customer: Customer) -> str:
    """The reference under which the gateway knows the customer, made there if need be.

    Calls the gateway: never inside a transaction.
    """
    known = GatewayCustomer.objects.filter(connection=connection, customer=customer).first()
    if known:
        return known.reference
    # The same key on every try: two racing buyers get the same reference.
    reference = gateway_of(connection).create_customer(
        name=customer.name, email=customer.email, key=f"customer-{connection.key}-{customer.pk}"
    )
    row, _made = GatewayCustomer.objects.get_or_create(
        connection=connection,
        customer=customer,
        defaults={"location_id": customer.location_id, "reference": reference},
    )
    return row.reference
