"""Buying on a bill, free claims and closing at the same moment, on real rivals."""

from datetime import timedelta

import pytest
from django_scopes import scope

from billing.models import Bill, BillItem
from community.models import Location
from credits.models import Wallet
from membership.models import Purchase
from membership.services.closing import close_period
from membership.services.companies import close_company
from membership.services.instant import buy_on_bill, claim_free
from membership.services.quotes import QuoteChanged
from membership.services.refusals import (
    BillLimitReached,
    CompanyClosed,
    MayNotUseBill,
    NoPlan,
)
from tests.factories import NOON, LocationFactory, OptionFactory
from tests.membership.office import Office, give_plan, order_of
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)


def confirm(office, member=None, **more):
    return order_of(member or office.cora, company=office.company, **more)


@pytest.fixture
def office():
    location = LocationFactory()
    with scope(location=location):
        return Office(location)


def test_fifty_clicks_get_one_free_claim(office, invariants_hold):
    with scope(location=office.location):
        give_plan(office.customer, discount_percent=100, free_claims=1)
        option = OptionFactory(location=office.location)
        orders = [confirm(office, office.carl, option=option) for _ in range(50)]

    answers = race(
        office.location, [lambda o=order: claim_free(order=o, at=NOON) for order in orders]
    )

    assert len(errors(answers)) == 49
    assert {type(error) for error in errors(answers)} == {QuoteChanged}
    with scope(location=office.location):
        assert Wallet.objects.get(customer=office.customer).balance == 10
    invariants_hold()


def test_two_members_on_one_bill_lose_nothing(office, invariants_hold):
    with scope(location=office.location):
        give_plan(office.customer, bill="everyone")
        office.permit(office.cora, bill=True)
        option = OptionFactory(location=office.location)
        orders = [
            confirm(office, member, option=option)
            for _ in range(5)
            for member in (office.carl, office.cora)
        ]

    answers = race(
        office.location, [lambda o=order: buy_on_bill(order=o, at=NOON) for order in orders]
    )

    assert errors(answers) == []
    with scope(location=office.location):
        assert Bill.objects.get().total_minor == 10 * 1200
        assert Wallet.objects.get(customer=office.customer).balance == 100
    invariants_hold()


def test_the_limit_holds_when_everybody_buys_at_once(office):
    with scope(location=office.location):
        Location.objects.update(bill_limit_credits=30)
        give_plan(office.customer, bill="managers")
        option = OptionFactory(location=office.location)
        orders = [confirm(office, office.carl, option=option) for _ in range(10)]

    answers = race(
        office.location, [lambda o=order: buy_on_bill(order=o, at=NOON) for order in orders]
    )

    assert {type(error) for error in errors(answers)} == {BillLimitReached}
    assert len(errors(answers)) == 7


def test_a_purchase_while_the_bill_is_issued_lands_on_one_bill_or_none(office, invariants_hold):
    with scope(location=office.location):
        give_plan(office.customer, bill="managers", price_minor=100)
        bill = Bill.objects.get()
        option = OptionFactory(location=office.location)
        orders = [confirm(office, office.carl, option=option) for _ in range(6)]
    late = NOON + timedelta(days=31)

    answers = race(
        office.location,
        [
            *(lambda o=order: buy_on_bill(order=o, at=late) for order in orders),
            lambda: close_period(bill_id=bill.pk, at=late),
            lambda: close_period(bill_id=bill.pk, at=late),
        ],
    )

    assert errors(answers) == []
    with scope(location=office.location):
        assert Bill.objects.count() == 2
        assert BillItem.objects.filter(source="credits").count() == 6
        assert BillItem.objects.filter(source="plans").count() == 2
    invariants_hold()


def test_a_revoked_permission_and_a_purchase_never_both_win(office, invariants_hold):
    with scope(location=office.location):
        give_plan(office.customer, bill="everyone")
        office.permit(office.cora, bill=True)
        option = OptionFactory(location=office.location)
        orders = [confirm(office, option=option) for _ in range(8)]

    answers = race(
        office.location,
        [
            *(lambda o=order: buy_on_bill(order=o, at=NOON) for order in orders[:4]),
            lambda: office.permit(office.cora),
            *(lambda o=order: buy_on_bill(order=o, at=NOON) for order in orders[4:]),
        ],
    )

    assert {type(error) for error in errors(answers)} <= {MayNotUseBill}
    with scope(location=office.location), pytest.raises(MayNotUseBill):
        buy_on_bill(order=confirm(office, option=option), at=NOON)
    invariants_hold()


def test_closing_the_company_and_buying_do_not_deadlock(office, invariants_hold):
    with scope(location=office.location):
        give_plan(office.customer, bill="everyone", price_minor=100)
        option = OptionFactory(location=office.location)
        orders = [confirm(office, office.carl, option=option) for _ in range(6)]

    answers = race(
        office.location,
        [
            *(lambda o=order: buy_on_bill(order=o, at=NOON) for order in orders),
            lambda: close_company(company=office.company, by=None, at=NOON),
        ],
    )

    assert {type(error) for error in errors(answers)} <= {CompanyClosed, NoPlan}
    with scope(location=office.location):
        bill = Bill.objects.get()
        assert bill.state == "issued"
        assert bill.items.filter(source="credits").count() == Purchase.objects.count()
    invariants_hold()
