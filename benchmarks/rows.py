"""Rows to measure on: locations with members, and purchases that wait to be settled."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from django.db import connection, transaction
from django.utils.timezone import now
from django_scopes import scopes_disabled

from benchmarks.waiting import NET_MINOR, TAX_MINOR, Waiting
from community.models import Customer, Location, Member, User
from credits.models import CreditOption
from membership.models import Purchase
from payments.models import Card, GatewayConnection, Transaction

LOCATIONS = 10
MEMBERS_OF_EACH = 200
BATCH = 1000  # the server takes 65535 parameters in a statement


@dataclass(frozen=True)
class Buyer:
    member: Member
    customer: Customer
    option: CreditOption
    card: Card


def make_buyers(*, locations: int = LOCATIONS, members: int = MEMBERS_OF_EACH) -> list[Buyer]:
    with scopes_disabled(), transaction.atomic():
        return [buyer for _ in range(locations) for buyer in _make_location(members)]


def _make_location(members: int) -> list[Buyer]:
    location = Location.objects.create(
        slug=f"loft-{uuid4().hex[:8]}",
        name="Loft",
        currency="EUR",
        time_zone="Europe/Berlin",
        tax_name="VAT",
        tax_percent=Decimal(20),
        legal_name="Loft GmbH",
        address="Am Kai 7\n20457 Hamburg",
        vat_number="DE312456789",
    )
    gateway = GatewayConnection.objects.create(
        location=location,
        gateway=GatewayConnection.Gateway.STRIPE,
        account=f"acct_{location.pk}",
        publishable_key="pk_test_bench",
        secret_key="rk_test_bench",  # noqa: S106
        connected_at=now(),
    )
    option = CreditOption.objects.create(
        location=location,
        credits=Decimal(10),
        price_minor=NET_MINOR,
        position=1,
        created_at=now(),
    )
    return [_make_buyer(location, gateway, option, number=number) for number in range(members)]


def _make_buyer(
    location: Location, gateway: GatewayConnection, option: CreditOption, *, number: int
) -> Buyer:
    email = f"buyer{number}@{location.slug}.test"
    user = User.objects.create(email=email, name=f"Buyer {number}")
    member = Member.objects.create(location=location, user=user, joined_at=now())
    customer = Customer.objects.create(location=location, member=member)
    card = Card.objects.create(
        location=location,
        customer=customer,
        connection=gateway,
        state=Card.State.KEPT,
        setup_reference=f"seti_{customer.pk}",
        reference=f"pm_{customer.pk}",
        brand="Visa",
        last4="4242",
        exp_month=8,
        exp_year=2030,
        created_at=now(),
    )
    return Buyer(member, customer, option, card)


def make_waiting(buyers: list[Buyer], count: int) -> list[Waiting]:
    """Pending purchases and their charges, their buyers in turn."""
    turns = [buyers[number % len(buyers)] for number in range(count)]
    charges = [_charge(buyer) for buyer in turns]
    purchases = [_purchase(buyer, charge) for buyer, charge in zip(turns, charges, strict=True)]
    with scopes_disabled(), transaction.atomic():
        Transaction.objects.bulk_create(charges, batch_size=BATCH)
        Purchase.objects.bulk_create(purchases, batch_size=BATCH)
    return [Waiting(charge.pk, charge.location_id, str(charge.key)) for charge in charges]


def settle_down() -> None:
    """What a database that has been up for a while has behind it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


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
        option=buyer.option,
        credits=buyer.option.credits,
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
