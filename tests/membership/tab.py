"""A customer whose plan opens the bill, and what gets on it. Times are `NOON` unless told."""

from datetime import timedelta
from uuid import uuid4

from analytics.models import RevenueLine
from billing.models import Bill, BillPayment
from billing.services import Received
from community.models import Location
from credits.models import CreditOption, Wallet
from membership.models import Plan, PlanAssignment
from membership.services.assigning import PlanWish, assign_plan
from membership.services.buyers import Order
from membership.services.instant import buy_on_bill
from membership.services.periods import local_day
from membership.services.quotes import quote_option
from tests.factories import NOON, OptionFactory

LATER = NOON + timedelta(hours=1)
TODAY = NOON.date()
CASH = BillPayment.Method.CASH


def plan_with_bill(customer, *, price_minor=6000, at=NOON, bill_for="everyone"):
    """Give a customer a plan that opens the bill, with its first fee on it."""
    plan = Plan.objects.create(
        location=customer.location,
        name=f"Flex {customer.pk}",
        price_minor=price_minor,
        created_at=at,
    )
    wish = PlanWish(plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor(bill_for))
    day = local_day(customer.location, at)
    assign_plan(customer=customer, wish=wish, starts_on=day, ends_on=None, by=None, at=at)
    return bill_of(customer)


def bill_of(customer):
    return Bill.objects.active().get(customer=customer)


def buy_by_bill(member, *, company=None, option=None, at=NOON, key=None):
    option = (
        option or CreditOption.objects.on_sale().first() or OptionFactory(location=member.location)
    )
    order = Order(
        member=member,
        company_id=company.pk if company else None,
        seen=quote_option(option, member.location),
        key=key or uuid4(),
    )
    return buy_on_bill(order=order, at=at)


def received(*, paid_on=TODAY, method=CASH, reference="Till 4"):
    return Received(method=method, reference=reference, paid_on=paid_on)


def credits_come(location, when):
    Location.objects.filter(pk=location.pk).update(bill_credits=when)


def balance_of(customer):
    wallet = Wallet.objects.filter(customer=customer).first()
    return wallet.balance if wallet else 0


def revenue(location):
    lines = RevenueLine.objects.filter(location=location).order_by("pk")
    return list(lines.values_list("source", "net_minor"))
