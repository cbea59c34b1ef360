"""Closing, buying and assigning at the same moment: real threads on real Postgres."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django_scopes import scope

from billing.models import Bill, BillItem
from membership.models import PlanAssignment, Purchase
from membership.services.assigning import (
    PlanOverlaps,
    PlanWish,
    When,
    assign_plan,
    change_bill_permission,
    end_plan,
)
from membership.services.buyers import Order, look_at_buyer, plan_terms
from membership.services.closing import catch_up, close_period
from membership.services.instant import buy_on_bill
from membership.services.quotes import quote_option
from membership.services.refusals import PurchaseRefused
from tests.factories import NOON, CustomerFactory, OptionFactory, PlanFactory
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)
OVER = NOON + timedelta(days=30)


@pytest.fixture
def customer(db):
    return CustomerFactory()


def assign(customer, plan, *, at=NOON):
    return assign_plan(
        customer=customer,
        wish=PlanWish(plan_id=plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.MANAGERS),
        starts_on=at.date(),
        ends_on=None,
        by=None,
        at=at,
    )


@pytest.fixture
def running(customer):
    with scope(location=customer.location):
        return assign(customer, PlanFactory(location=customer.location, monthly_credits=5))


def orders(customer, number, *, at):
    with scope(location=customer.location):
        option = OptionFactory(location=customer.location)
        member = customer.member
        facts = look_at_buyer(
            member_id=member.pk, location_id=member.location_id, company_id=None, at=at
        )
        quote = quote_option(option, customer.location, plan_terms(facts))
        return [
            Order(member=member, company_id=None, seen=quote, key=UUID(int=place + 1))
            for place in range(number)
        ]


def test_two_beats_and_ten_more_close_a_period_once(customer, running, invariants_hold):
    with scope(location=customer.location):
        bill = Bill.objects.get()

    answers = race(
        customer.location,
        [partial(close_period, bill_id=bill.pk, at=OVER)] * 6
        + [partial(catch_up, customer=customer, at=OVER)] * 6,
    )

    assert errors(answers) == []
    with scope(location=customer.location):
        assert list(Bill.objects.order_by("pk").values_list("state", flat=True)) == [
            "issued",
            "active",
        ]
        assert BillItem.objects.count() == 2
    invariants_hold()


@pytest.mark.parametrize("early", [True, False], ids=["before midnight", "after"])
def test_purchases_at_the_moment_of_closing_land_on_one_bill_each(
    customer, running, invariants_hold, early
):
    bought_at = OVER.replace(hour=22, minute=59) - timedelta(days=1) if early else OVER
    wanted = orders(customer, 8, at=bought_at)

    answers = race(
        customer.location,
        [partial(buy_on_bill, order=order, at=bought_at) for order in wanted]
        + [partial(catch_up, customer=customer, at=OVER)] * 4,
    )

    assert [it for it in errors(answers) if not isinstance(it, PurchaseRefused)] == []
    with scope(location=customer.location):
        items = list(Purchase.objects.values_list("bill_item", flat=True))
        assert len(items) == len(set(items)) == 8 - len(errors(answers))
        for bill in Bill.objects.all():
            assert bill.total_minor == sum(bill.items.values_list("total_minor", flat=True))
        assert Bill.objects.active().count() == 1
    invariants_hold()


def test_two_admins_assign_at_once_and_one_is_told(customer, invariants_hold):
    with scope(location=customer.location):
        plans = [PlanFactory(location=customer.location) for _ in range(4)]

    answers = race(customer.location, [partial(assign, customer, plan) for plan in plans])

    refused = errors(answers)
    assert len(refused) == 3
    assert all(isinstance(it, PlanOverlaps) for it in refused)
    with scope(location=customer.location):
        assert Bill.objects.count() == 1
    invariants_hold()


def test_ended_while_the_beat_closes_nothing_is_left_open(customer, running, invariants_hold):
    answers = race(
        customer.location,
        [
            partial(end_plan, customer=customer, when=When.NOW, by=None, at=OVER),
            *[partial(catch_up, customer=customer, at=OVER)] * 3,
        ],
    )

    assert errors(answers) == []
    with scope(location=customer.location):
        assert not Bill.objects.active().exists()
    invariants_hold()


def test_a_bill_closed_to_purchases_takes_none_that_come_after(customer, running):
    wanted = orders(customer, 6, at=NOON)

    answers = race(
        customer.location,
        [
            *[partial(buy_on_bill, order=order, at=NOON) for order in wanted],
            partial(
                change_bill_permission,
                assignment_id=running.pk,
                bill_enabled=False,
                bill_for=PlanAssignment.BillFor.MANAGERS,
                by=None,
                at=NOON,
            ),
        ],
    )

    refused = errors(answers)
    assert all(isinstance(it, PurchaseRefused) for it in refused)
    with scope(location=customer.location):
        assert Purchase.objects.count() == 6 - len(refused)
        with pytest.raises(PurchaseRefused):
            buy_on_bill(order=Order(customer.member, None, wanted[0].seen, UUID(int=99)), at=NOON)
