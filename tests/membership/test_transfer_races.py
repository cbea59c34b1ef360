"""A transfer that is confirmed, cancelled and given up at the same moment, on real rivals."""

from datetime import timedelta
from functools import partial

import pytest
from django_scopes import scope

from billing.models import Receipt
from credits.models import Wallet
from membership.models import Purchase
from membership.services.transfers import (
    TransferConfirmed,
    TransferNotAwaited,
    announce_transfer,
    cancel_transfer,
    confirm_transfer,
    expire_transfer,
    order_transfer,
)
from notifications.models import Notification
from payments.models import ReviewCase, Transaction
from tests.factories import (
    NOON,
    CustomerFactory,
    RoleFactory,
    TransferAccountFactory,
    awaited_transfer,
)
from tests.membership.office import order_of
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)
LATE = NOON + timedelta(days=20)


@pytest.fixture
def member():
    return CustomerFactory().member


@pytest.fixture
def by(member):
    return RoleFactory(location=member.location).user


@pytest.fixture
def awaited(member):
    with scope(location=member.location):
        return awaited_transfer(member)


def confirmation(awaited, by, *, at=NOON, more=0):
    return partial(
        confirm_transfer,
        charge_id=awaited.charge_id,
        amount_minor=awaited.total_minor + more,
        received_on=at.date(),
        by=by,
        at=at,
    )


def credited(member):
    with scope(location=member.location):
        wallet = Wallet.objects.filter(customer__member=member).first()
        return wallet.balance if wallet else 0


def test_two_admins_who_confirm_at_once_credit_it_once(awaited, member, by, invariants_hold):
    answers = race(member.location, [confirmation(awaited, by)] * 8)

    assert [type(error) for error in errors(answers)] == [TransferConfirmed] * 7
    assert credited(member) == 10
    with scope(location=member.location):
        assert Receipt.objects.count() == 1
    invariants_hold()


def test_another_amount_and_the_right_one_at_once_credit_it_once(
    awaited, member, by, invariants_hold
):
    right, wrong = confirmation(awaited, by), confirmation(awaited, by, more=1)

    race(member.location, [right, wrong] * 4)

    assert credited(member) == 10
    with scope(location=member.location):
        assert ReviewCase.objects.count() <= 1
    invariants_hold()


def test_confirmed_while_it_is_given_up_it_is_credited(awaited, member, by, invariants_hold):
    give_up = partial(expire_transfer, charge_id=awaited.charge_id, at=LATE)

    answers = race(member.location, [give_up, confirmation(awaited, by, at=LATE), give_up])

    assert errors(answers) == []
    assert credited(member) == 10
    invariants_hold()


def test_confirmed_while_the_buyer_cancels_it_is_credited(awaited, member, by, invariants_hold):
    cancel = partial(cancel_transfer, charge_id=awaited.charge_id, by=member.user, at=NOON)

    answers = race(member.location, [cancel, confirmation(awaited, by), cancel])

    assert {type(error) for error in errors(answers)} <= {TransferNotAwaited}
    assert credited(member) == 10
    invariants_hold()


def test_ten_clicks_order_one_transfer(member, invariants_hold):
    with scope(location=member.location):
        TransferAccountFactory(location=member.location)
        order = order_of(member)

    answers = race(member.location, [partial(order_transfer, order=order, at=NOON)] * 10)

    assert errors(answers) == []
    with scope(location=member.location):
        assert Purchase.objects.count() == Transaction.objects.count() == 1
    invariants_hold()


def test_two_workers_tell_the_buyer_once(awaited, member):
    tell = partial(announce_transfer, charge_id=awaited.charge_id, at=NOON)

    assert errors(race(member.location, [tell] * 6)) == []

    with scope(location=member.location):
        assert Notification.objects.count() == 1
