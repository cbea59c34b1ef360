"""Charges that wait to be settled, as they are handed to whoever settles them."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.utils.timezone import now
from django_scopes import scopes_disabled

from benchmarks.rows import BATCH, Buyer
from membership.models import Purchase
from payments.gateways.protocol import ChargeOutcome, ChargeState
from payments.models import Transaction

NET_MINOR, TAX_MINOR = 1000, 200


@dataclass(frozen=True)
class Waiting:
    """A charge that the gateway has not told the outcome of."""

    transaction_id: int
    location_id: int
    key: str

    def paid(self) -> ChargeOutcome:
        return ChargeOutcome(
            reference=f"pi_{self.transaction_id}",
            state=ChargeState.SUCCEEDED,
            amount_minor=NET_MINOR + TAX_MINOR,
            currency="EUR",
            livemode=False,
            key=self.key,
        )


def make_waiting(buyers: list[Buyer], count: int) -> list[Waiting]:
    """Pending purchases and their charges, their buyers in turn."""
    turns = [buyers[number % len(buyers)] for number in range(count)]
    charges = [_charge(buyer) for buyer in turns]
    purchases = [_purchase(buyer, charge) for buyer, charge in zip(turns, charges, strict=True)]
    with scopes_disabled(), transaction.atomic():
        Transaction.objects.bulk_create(charges, batch_size=BATCH)
        Purchase.objects.bulk_create(purchases, batch_size=BATCH)
    return [Waiting(charge.pk, charge.location_id, str(charge.key)) for charge in charges]


def _charge(buyer: Buyer) -> Transaction:
    return Transaction(
        location_id=buyer.member.location_id,
        customer=buyer.customer,
        connection_id=buyer.card.connection_id,
        amount_minor=NET_MINOR + TAX_MINOR,
        currency="EUR",
        key=uuid4(),
        card=buyer.card,
        paid_with=str(buyer.card),
        made_by_id=buyer.member.user_id,
        created_at=now(),
        submitted_at=now(),
    )


def _purchase(buyer: Buyer, charge: Transaction) -> Purchase:
    return Purchase(
        location_id=buyer.member.location_id,
        key=charge.key,
        customer=buyer.customer,
        bought_by=buyer.member,
        option=buyer.place.option,
        credits=buyer.place.option.credits,
        currency="EUR",
        list_price_minor=NET_MINOR,
        net_minor=NET_MINOR,
        tax_minor=TAX_MINOR,
        total_minor=NET_MINOR + TAX_MINOR,
        tax_name="VAT",
        tax_percent=Decimal(20),
        tax_included=False,
        method=Purchase.Method.GATEWAY,
        charge=charge,
        created_at=charge.created_at,
    )
