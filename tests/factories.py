"""Valid, minimal rows. Everything hangs on one location unless told otherwise."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from uuid import UUID, uuid4

import factory
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from billing.models import BillingDetails
from community.models import Company, Customer, Location, Member, Role, User
from credits.models import CreditOption
from membership.models import Plan, PlanAssignment
from membership.services.buyers import Order
from membership.services.companies import add_company
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import quote_option
from membership.services.transfers import order_transfer
from payments.models import Card, GatewayConnection

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_numbers = count(1)


@cache
def hashed(password: str) -> str:
    """A password's hash, computed once per run: a good hash is slow."""
    return make_password(password)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.test")
    password = factory.LazyFunction(lambda: hashed("a-long-passphrase"))


def with_second_factor(user: User) -> User:
    """Somebody who has set up an app for codes: the admin asks for one."""
    TOTP.activate(user, generate_totp_secret())
    return user


class LocationFactory(DjangoModelFactory):
    class Meta:
        model = Location

    name = factory.Sequence(lambda n: f"Loft {n}")
    slug = factory.Sequence(lambda n: f"loft-{n}")
    currency = "EUR"
    time_zone = "Europe/Berlin"
    tax_name = "VAT"
    tax_percent = Decimal(20)


class RoleFactory(DjangoModelFactory):
    class Meta:
        model = Role

    user = factory.SubFactory(UserFactory)
    location = factory.SubFactory(LocationFactory)
    kind = Role.Kind.ADMIN


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    location = factory.SubFactory(LocationFactory)
    user = factory.SubFactory(UserFactory)
    joined_at = NOON


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    member = factory.SubFactory(MemberFactory)
    location = factory.SelfAttribute("member.location")


class CompanyFactory(DjangoModelFactory):
    """A company with its customer and nobody in it."""

    class Meta:
        model = Company
        skip_postgeneration_save = True

    location = factory.SubFactory(LocationFactory)
    name = factory.Sequence(lambda n: f"Company {n}")
    created_at = NOON
    customer = factory.RelatedFactory(
        "tests.factories.CompanyCustomerFactory", factory_related_name="company"
    )


class CompanyCustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    company = factory.SubFactory(CompanyFactory, customer=None)
    location = factory.SelfAttribute("company.location")


class DetailsFactory(DjangoModelFactory):
    """Billing details of a customer who pays tax."""

    class Meta:
        model = BillingDetails

    customer = factory.SubFactory(CustomerFactory)
    location = factory.SelfAttribute("customer.location")
    name = "Studio Ñandú e.K."
    address = "Kanalstraße 3\n20097 Hamburg"
    vat_number = "DE136695976"
    reference = "PO-4711"


class OptionFactory(DjangoModelFactory):
    class Meta:
        model = CreditOption

    location = factory.SubFactory(LocationFactory)
    credits = Decimal(10)
    price_minor = 1000
    position = factory.Sequence(lambda n: n)
    created_at = NOON


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = GatewayConnection

    location = factory.SubFactory(LocationFactory)
    gateway = GatewayConnection.Gateway.STRIPE
    account = "acct_fake"
    account_name = "Fake"
    publishable_key = "pk_test_fake"
    secret_key = "rk_test_fake"
    webhook_secret = "whsec_fake"
    connected_at = NOON


class TransferAccountFactory(DjangoModelFactory):
    """The bank account of a location that takes transfers."""

    class Meta:
        model = GatewayConnection

    location = factory.SubFactory(LocationFactory)
    gateway = GatewayConnection.Gateway.BANK_TRANSFER
    livemode = True
    account_details = "Harbour Loft GmbH\nDE02120300000000202051"
    account_name = "Harbour Loft GmbH"
    connected_at = NOON


# A gateway that was left a moment ago.
DISCONNECTED = {"state": GatewayConnection.State.DISCONNECTING, "disconnected_at": NOON}


class CardFactory(DjangoModelFactory):
    class Meta:
        model = Card

    customer = factory.SubFactory(CustomerFactory)
    location = factory.SelfAttribute("customer.location")
    connection = factory.SubFactory(ConnectionFactory, location=factory.SelfAttribute("..location"))
    state = Card.State.KEPT
    setup_reference = factory.Sequence(lambda n: f"seti_{n}")
    reference = factory.Sequence(lambda n: f"card_ok_{n}")
    brand = "Visa"
    last4 = "4242"
    exp_month = 8
    exp_year = 2030
    created_at = NOON


class PlanFactory(DjangoModelFactory):
    class Meta:
        model = Plan

    location = factory.SubFactory(LocationFactory)
    name = factory.Sequence(lambda n: f"Plan {n}")
    price_minor = 10000
    created_at = NOON


class AssignmentFactory(DjangoModelFactory):
    """A running plan, without the bill that assigning it would open."""

    class Meta:
        model = PlanAssignment

    customer = factory.SubFactory(CustomerFactory)
    location = factory.SelfAttribute("customer.location")
    plan = factory.SubFactory(PlanFactory, location=factory.SelfAttribute("..location"))
    starts_on = NOON.date()
    assigned_at = NOON


def pending_purchase(
    *, card: Card, option: CreditOption | None = None, key: UUID | None = None, at=NOON
):
    """A purchase that its buyer has confirmed and the gateway hasn't heard of."""
    option = option or OptionFactory(location=card.location, price_minor=1000 + next(_numbers))
    return start_purchase(
        member=card.customer.member,
        option_id=option.pk,
        order=CardOrder(connection_id=card.connection_id, card_id=card.pk),
        seen=quote_option(option, card.location),
        key=key or uuid4(),
        at=at,
    )


def awaited_transfer(member, *, option: CreditOption | None = None, company=None, at=NOON):
    """A purchase whose bank transfer is awaited; the location takes them."""
    option = option or OptionFactory(
        location=member.location, price_minor=1000 + next(_numbers), created_at=at
    )
    if not GatewayConnection.objects.for_transfers().exists():
        TransferAccountFactory(location=member.location)
    order = Order(
        member=member,
        company_id=company.pk if company else None,
        seen=quote_option(option, member.location),
        key=uuid4(),
    )
    return order_transfer(order=order, at=at)


def company_of(manager, *, name=None, at=NOON):
    """An open company with its customer and the manager."""
    return add_company(
        location=manager.location,
        name=name or f"Works {next(_numbers)}",
        manager=manager,
        by=None,
        at=at,
    )
