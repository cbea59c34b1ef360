from datetime import timedelta
from decimal import Decimal

import pytest
from django_scopes import scope

from community.models import AuditRecord
from community.principals import Principal
from credits.models import Lot, Wallet
from credits.services.giving import (
    AboveStaffLimit,
    LapsesInThePast,
    MoreThanBalance,
    deduct_credits,
    give_credits,
)
from notifications.models import Notification
from tests.factories import NOON, CustomerFactory, UserFactory


@pytest.fixture
def customer(db):
    customer = CustomerFactory()
    with scope(location=customer.location):
        yield customer


def give(customer, credits, *, role="admin", key="give:1", lapses_at=None):
    return give_credits(
        customer=customer,
        credits=Decimal(credits),
        reason="Sorry for the noise",
        lapses_at=lapses_at,
        by=UserFactory(),
        principal=Principal(user_id=1, location_id=customer.location_id, role=role),
        key=key,
        at=NOON,
    )


def deduct(customer, credits, *, role="admin", key="deduct:1"):
    return deduct_credits(
        customer=customer,
        credits=Decimal(credits),
        reason="Counted twice",
        by=UserFactory(),
        principal=Principal(user_id=1, location_id=customer.location_id, role=role),
        key=key,
        at=NOON,
    )


def test_given_credits_are_told_audited_and_cost_nothing(customer):
    give(customer, 5)

    lot = Lot.objects.get()
    assert (lot.credits, lot.paid_minor, lot.entry.reason) == (5, 0, "given")
    assert Notification.objects.get().facts["reason"] == "Sorry for the noise"
    assert AuditRecord.objects.filter(action="credits given").count() == 1


def test_a_form_sent_twice_gives_once(customer):
    assert give(customer, 5) == give(customer, 5)

    assert Wallet.objects.get().balance == 5
    assert Notification.objects.count() == 1


def test_given_credits_can_lapse_but_not_in_the_past(customer):
    give(customer, 5, lapses_at=NOON + timedelta(days=1))

    with pytest.raises(LapsesInThePast):
        give(customer, 5, key="give:2", lapses_at=NOON)
    assert Wallet.objects.get().balance == 5


def test_staff_stay_within_the_limit_of_the_location(customer):
    customer.location.staff_limit_credits = Decimal(3)

    give(customer, 3, role="staff")

    with pytest.raises(AboveStaffLimit):
        give(customer, "3.01", role="staff", key="give:2")
    with pytest.raises(AboveStaffLimit):
        deduct(customer, "3.01", role="staff")
    assert Wallet.objects.get().balance == 3


def test_deducting_takes_what_lapses_soonest_first(customer):
    give(customer, 5)
    give(customer, 5, key="give:2", lapses_at=NOON + timedelta(days=1))

    deduct(customer, 6)

    assert [lot.remaining for lot in Lot.objects.in_spending_order()] == [0, 4]


def test_more_than_is_available_is_refused_with_what_is(customer):
    give(customer, 5)

    with pytest.raises(MoreThanBalance, match="5 credits are available"):
        deduct(customer, "5.01")
    assert Wallet.objects.get().balance == 5
