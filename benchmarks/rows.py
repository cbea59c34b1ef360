"""Rows to measure on: locations with members, each with a plan and its bill."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.utils.timezone import now
from django_scopes import scopes_disabled

from billing.models import Bill
from community.models import Customer, Location, Member, User
from credits.models import CreditOption
from membership.models import Plan, PlanAssignment
from membership.services.buyers import Order
from membership.services.periods import local_day
from membership.services.quotes import PlanTerms, Quote, quote_option
from payments.models import Card, GatewayConnection

LOCATIONS = 10
MEMBERS_OF_EACH = 200
BATCH = 1000  # the server takes 65535 parameters in a statement
LIST_MINOR = 1000
DISCOUNT_PERCENT = Decimal(25)


@dataclass(frozen=True)
class Place:
    """A location with one option on sale and one plan."""

    location: Location
    gateway: GatewayConnection
    option: CreditOption
    plan: Plan
    on_the_bill: Quote


@dataclass(frozen=True)
class Buyer:
    """A member with a saved card, a plan and an active bill."""

    place: Place
    member: Member
    customer: Customer
    card: Card

    def order(self) -> Order:
        """A purchase on the bill as its buyer confirms it."""
        return Order(self.member, None, self.place.on_the_bill, uuid4())


def make_buyers(
    *, locations: int = LOCATIONS, members: int = MEMBERS_OF_EACH, bills: bool = True
) -> list[Buyer]:
    """Members of each location in turn, each with an active bill under a plan from today on.

    :param bills: without, the plans are assigned and the closing run has yet to begin them
    """
    at = now()
    with scopes_disabled(), transaction.atomic():
        places = [_make_place(at=at) for _ in range(locations)]
        buyers = [
            _make_buyer(place, number=number) for number in range(members) for place in places
        ]
        assignments = _assign(buyers, at=at)
        if bills:
            _open_bills(assignments, at=at)
    return buyers


def _make_place(*, at: datetime) -> Place:
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
        connected_at=at,
    )
    option = CreditOption.objects.create(
        location=location, credits=Decimal(10), price_minor=LIST_MINOR, position=1, created_at=at
    )
    plan = Plan.objects.create(
        location=location, name="Resident", discount_percent=DISCOUNT_PERCENT, created_at=at
    )
    today = local_day(location, at)
    terms = PlanTerms(plan.pk, plan.name, plan.discount_percent, today, today)
    return Place(location, gateway, option, plan, quote_option(option, location, terms))


def _make_buyer(place: Place, *, number: int) -> Buyer:
    location = place.location
    email = f"buyer{number}@{location.slug}.test"
    user = User.objects.create(email=email, name=f"Buyer {number}")
    member = Member.objects.create(location=location, user=user, joined_at=now())
    customer = Customer.objects.create(location=location, member=member)
    card = Card.objects.create(
        location=location,
        customer=customer,
        connection=place.gateway,
        state=Card.State.KEPT,
        setup_reference=f"seti_{customer.pk}",
        reference=f"pm_{customer.pk}",
        brand="Visa",
        last4="4242",
        exp_month=8,
        exp_year=2030,
        created_at=now(),
    )
    return Buyer(place, member, customer, card)


def _assign(buyers: list[Buyer], *, at: datetime) -> list[PlanAssignment]:
    assignments = [
        PlanAssignment(
            location=buyer.place.location,
            customer=buyer.customer,
            plan=buyer.place.plan,
            starts_on=local_day(buyer.place.location, at),
            bill_enabled=True,
            assigned_at=at,
        )
        for buyer in buyers
    ]
    PlanAssignment.objects.bulk_create(assignments, batch_size=BATCH)
    return assignments


def _open_bills(assignments: list[PlanAssignment], *, at: datetime) -> None:
    bills = [
        Bill(
            location=assignment.location,
            customer=assignment.customer,
            key=f"period:{assignment.pk}:{assignment.starts_on}",
            period_start=assignment.starts_on,
            period_end=assignment.starts_on + relativedelta(months=1),
            currency=assignment.location.currency,
            opened_at=at,
        )
        for assignment in assignments
    ]
    Bill.objects.bulk_create(bills, batch_size=BATCH)


def in_turn(buyers: list[Buyer], *, first: int = 0) -> Iterator[Buyer]:
    """One after the other without end, from a number on."""
    return (buyers[number % len(buyers)] for number in count(first))


def settle_down() -> None:
    """What a database that has been up for a while has behind it."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
