"""Our customers as a gateway knows them, under references of its own."""

import structlog
from django.db import transaction

from community.models import Customer
from payments.gateways.protocol import CustomerGone, SetupOutcome
from payments.models import GatewayConnection, GatewayCustomer, Transaction
from payments.services.cards import release_cards_at
from payments.services.connecting import card_gateway_of

log = structlog.get_logger(__name__)


def gateway_customer(connection: GatewayConnection, customer: Customer) -> str:
    """The reference under which the gateway knows the customer, made there if need be.

    Calls the gateway: never inside a transaction.
    """
    known = GatewayCustomer.objects.filter(connection=connection, customer=customer).first()
    if known:
        return known.reference
    row, _made = GatewayCustomer.objects.get_or_create(
        connection=connection,
        customer=customer,
        defaults={
            "location_id": customer.location_id,
            "reference": _make_customer(connection, customer),
        },
    )
    return row.reference


def open_customer_setup(
    *, connection: GatewayConnection, customer: Customer, key: str
) -> SetupOutcome:
    """Let a card of the customer be entered, once per key.

    Somebody whom the gateway has deleted is made there anew. Calls the gateway: never inside a
    transaction.

    :raises GatewayUnavailable, GatewayRefused: nothing was charged
    """
    gateway = card_gateway_of(connection)
    reference = gateway_customer(connection, customer)
    try:
        return gateway.open_setup(customer=reference, key=f"{key}-{reference}")
    except CustomerGone:
        if _has_unheard_charge(connection, customer):
            raise
        reference = _replace(connection, customer, gone=reference)
        return gateway.open_setup(customer=reference, key=f"{key}-{reference}")


@transaction.atomic
def lose_cards(connection: GatewayConnection, customer: Customer, *, gone: str) -> None:
    """Offer no cards any more that a deleted customer had: the gateway has let go of them."""
    locked = GatewayCustomer.objects.select_for_update(no_key=True)
    if locked.filter(connection=connection, customer=customer, reference=gone).first():
        release_cards_at(connection, customer=customer)


def _has_unheard_charge(connection: GatewayConnection, customer: Customer) -> bool:
    """One that may have been made names the customer of then whenever it is asked about."""
    return Transaction.objects.filter(
        connection=connection,
        customer=customer,
        state=Transaction.State.PENDING,
        submitted_at__isnull=False,
        reference="",
    ).exists()


def _replace(connection: GatewayConnection, customer: Customer, *, gone: str) -> str:
    reference = _make_customer(connection, customer, gone=gone)
    with transaction.atomic():
        lose_cards(connection, customer, gone=gone)
        GatewayCustomer.objects.filter(
            connection=connection, customer=customer, reference=gone
        ).update(reference=reference)
    log.warning("gateway_customer_replaced", connection=connection.pk, customer=customer.pk)
    return reference


def _make_customer(connection: GatewayConnection, customer: Customer, *, gone: str = "") -> str:
    # The same key on every try: two racing buyers get the same reference. After a deletion it is
    # another key, under the old one the gateway gives the reference that is gone.
    after = f"-{gone}" if gone else ""
    return card_gateway_of(connection).create_customer(
        name=customer.name,
        email=customer.email,
        key=f"customer-{connection.key}-{customer.pk}{after}",
    )
