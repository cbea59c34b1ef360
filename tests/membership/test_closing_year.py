"""A year of periods for a hundred customers in three zones, closed day by day."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from django.db.models import Count
from django_scopes import scope, scopes_disabled

from billing.models import Bill, BillItem
from membership import tasks
from membership.models import PlanAssignment, Purchase
from membership.services.assigning import PlanWish, When, replace_plan
from membership.services.closing import catch_up
from membership.services.instant import buy_on_bill
from membership.services.periods import local_day
from tests.factories import CustomerFactory, LocationFactory, OptionFactory, PlanFactory
from tests.membership.test_closing import ZONES, assign, order_of

# In each of three zones; a hundred in all by `make prove`.
CUSTOMERS = 34 if os.environ.get("DOSE") == "full" else 8


def test_a_year_closed_day_by_day_bills_every_fee_and_purchase_once(db, invariants_hold):
    chance = Random(2027)
    start = datetime(2027, 1, 1, 3, 30, tzinfo=UTC)
    places = [LocationFactory(time_zone=zone, refuse_bills_while_overdue=False) for zone in ZONES]
    people = [person for place in places for person in settle(place, chance, start)]
    bought = 0
    for number in range(366):
        at = start + timedelta(days=number, minutes=chance.randrange(20 * 60))
        if chance.random() < 0.9:  # some nights nobody looks
            assert tasks.close_due_periods(at=at) == 0
        bought += spend_or_change(chance.choice(people), chance, number, at=at)
    end = start + timedelta(days=367)
    assert tasks.close_due_periods(at=end) == 0

    with scopes_disabled():
        assert bought > 250
        assert Purchase.objects.filter(bill_item__isnull=False).count() == bought
        for purchase in Purchase.objects.select_related("bill_item__bill", "location"):
            bill, day = purchase.bill_item.bill, local_day(purchase.location, purchase.created_at)
            assert bill.period_start <= day < bill.period_end
        for assignment in PlanAssignment.objects.select_related("plan", "location"):
            assert_billed_without_gaps(assignment, until=local_day(assignment.location, end))
        for place in places:
            numbers = Bill.objects.filter(location=place, sequence__isnull=False)
            series = list(numbers.order_by("sequence").values_list("sequence", flat=True))
            assert series == list(range(1, len(series) + 1))
            assert len(series) > CUSTOMERS * 11
    invariants_hold()


def settle(place, chance, start):
    """People whose plans begin on some day of January."""
    with scope(location=place):
        plans = [
            PlanFactory(location=place, discount_percent=Decimal(chance.choice([0, 25])))
            for _ in range(2)
        ]
        option = OptionFactory(location=place)
        for _ in range(CUSTOMERS):
            customer = CustomerFactory(member__location=place)
            begins = local_day(place, start) + timedelta(days=chance.randrange(31))
            assign(customer, chance.choice(plans), on=begins, at=start)
            yield customer, plans, option


def spend_or_change(person, chance, number, *, at):
    """Buy something on the bill, or now and then change the plan."""
    customer, plans, option = person
    with scope(location=customer.location):
        today = local_day(customer.location, at)
        if not PlanAssignment.objects.filter(customer=customer).on(today).exists():
            return 0
        if chance.random() < 0.1:
            plan, when = chance.choice(plans), chance.choice(list(When))
            wish = PlanWish(
                plan_id=plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.MANAGERS
            )
            replace_plan(customer=customer, wish=wish, when=when, by=None, at=at)
            return 0
        if not Bill.objects.active().filter(customer=customer).exists():
            catch_up(customer=customer, at=at)  # the beat has not come by since its first day
        key = UUID(int=number * 1000 + customer.pk % 1000)
        buy_on_bill(order=order_of(customer.member, option, at=at, key=key), at=at)
        return 1


def assert_billed_without_gaps(assignment, *, until):
    bills = Bill.objects.filter(key__startswith=f"period:{assignment.pk}:").order_by("pk")
    spans = list(bills.values_list("period_start", "period_end"))
    if assignment.never_began:
        return
    day = assignment.starts_on
    for begins, ends in spans:
        assert begins == day
        day = ends
    assert day > until or (assignment.ends_on and day >= assignment.ends_on)
    fees = BillItem.objects.filter(key__startswith=f"fee:{assignment.pk}:")
    assert fees.count() == len(spans)
    on_own_bill = bills.annotate(items_on_it=Count("items")).filter(items_on_it=0)
    assert not on_own_bill.exists()
