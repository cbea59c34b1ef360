"""Paying by bank transfer: ordered, awaited, confirmed, of another amount, late, cancelled."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
import time_machine
from django.core.exceptions import ValidationError

from analytics.models import RevenueLine
from community.models import AuditRecord
from credits.models import CreditOption, Wallet
from membership.models import Purchase
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import QuoteChanged
from membership.services.refusals import (
    AboveMaximum,
    BelowMinimum,
    BetweenSteps,
    CurrencyNotTaken,
    NotAnActiveMember,
    TooManyTransfers,
    TransferForManagers,
    TransfersClosed,
)
from membership.services.transfers import (
    AWAITED_AT_MOST,
    AmountNotedAlready,
    DayNotPossible,
    TransferConfirmed,
    TransferNotAwaited,
    announce_transfer,
    cancel_transfer,
    confirm_transfer,
    expire_transfer,
    order_transfer,
)
from membership.tasks import sweep_charges, sweep_transfers
from notifications.kinds import KINDS as NEWS
from notifications.kinds import Told
from notifications.models import Notification
from payments.gateways.registry import KINDS, abilities_of
from payments.models import GatewayConnection, ReviewCase, Transaction
from tests.factories import (
    DISCONNECTED,
    NOON,
    CardFactory,
    OptionFactory,
    TransferAccountFactory,
    awaited_transfer,
)
from tests.membership.office import Office, order_of
from tests.membership.shop import address, words
from tests.membership.states import again

DUE = date(2026, 12, 6)
LATE = NOON + timedelta(days=20)


@pytest.fixture
def account(location):
    return TransferAccountFactory(location=location)


@pytest.fixture
def option(location):
    return OptionFactory(location=location)


@pytest.fixture
def awaited(account, option, mia):
    """Ten credits for twelve euros."""
    return awaited_transfer(mia, option=option)


def confirm(purchase, admin, *, amount_minor=1200, at=NOON, on=None):
    return confirm_transfer(
        charge_id=purchase.charge_id,
        amount_minor=amount_minor,
        received_on=on or at.date(),
        by=admin,
        at=at,
    )


def sweep(at, *, task=sweep_transfers):
    with time_machine.travel(at, tick=False):
        task()


def balance(member):
    wallet = Wallet.objects.filter(customer__member=member).first()
    return wallet.balance if wallet else 0


def states(purchase):
    bought = again(purchase)
    return bought.state, bought.charge.state


def test_an_order_awaits_its_transfer_with_a_reference_and_a_day(awaited):
    charge = awaited.charge

    assert states(awaited) == ("awaiting_payment", "pending")
    assert (charge.amount_minor, charge.currency, charge.due_on) == (1200, "EUR", DUE)
    assert charge.reference.startswith("RF")
    assert int(f"{charge.reference[4:]}2715{charge.reference[2:4]}") % 97 == 1
    assert charge.paid_with == "Bank transfer"


def test_nothing_is_given_before_the_money_came(awaited, mia, invariants_hold):
    assert balance(mia) == 0
    assert RevenueLine.objects.count() == 0
    assert Notification.objects.count() == 0
    invariants_hold()


def test_the_amount_that_was_asked_for_completes_the_purchase(awaited, mia, admin, invariants_hold):
    confirm(awaited, admin, at=NOON + timedelta(days=2))

    bought = again(awaited)
    assert states(awaited) == ("completed", "succeeded")
    assert balance(mia) == 10
    assert bought.receipt.paid_with == "Bank transfer"
    assert bought.charge.received_on == date(2026, 11, 24)
    line = RevenueLine.objects.get()
    assert (line.method, line.net_minor) == ("bank_transfer", 1000)
    told = set(Notification.objects.values_list("kind", flat=True))
    assert told == {"credits_added", "transfer_confirmed"}
    assert AuditRecord.objects.get().after["amount_minor"] == 1200
    invariants_hold()


def test_a_key_orders_once(account, option, mia):
    order = order_of(mia, option=option)

    assert order_transfer(order=order, at=NOON) == order_transfer(order=order, at=NOON)
    assert Transaction.objects.count() == 1


def test_what_was_seen_must_still_be_so(account, option, mia):
    order = order_of(mia, option=option)
    CreditOption.objects.update(price_minor=2000)

    with pytest.raises(QuoteChanged):
        order_transfer(order=order, at=NOON)

    assert Transaction.objects.count() == 0


def test_the_suspended_order_none(account, option, mia):
    order = order_of(mia, option=option)
    mia.state = "suspended"
    mia.save()

    with pytest.raises(NotAnActiveMember):
        order_transfer(order=order, at=NOON)


def test_none_is_ordered_where_transfers_are_closed(account, option, mia):
    GatewayConnection.objects.update(**DISCONNECTED)

    with pytest.raises(TransfersClosed):
        order_transfer(order=order_of(mia, option=option), at=NOON)


def test_in_a_company_s_name_only_its_managers_transfer(account, option, location):
    office = Office(location)
    office.permit(office.cora, card=True, bill=True)

    with pytest.raises(TransferForManagers):
        order_transfer(order=order_of(office.cora, company=office.company, option=option), at=NOON)

    order = order_of(office.carl, company=office.company, option=option)
    assert order_transfer(order=order, at=NOON).customer == office.customer


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"least_minor": {"EUR": 1201}}, BelowMinimum),
        ({"most_minor": {"EUR": 1199}}, AboveMaximum),
        ({"step_minor": {"EUR": 500}}, BetweenSteps),
        ({"lacks": frozenset({"EUR"})}, CurrencyNotTaken),
    ],
)
@pytest.mark.parametrize("gateway", ["stripe", "bank_transfer"])
def test_no_gateway_is_asked_for_what_it_does_not_take(
    monkeypatch, fake_gateway, account, option, mia, gateway, limits, refusal
):
    abilities = replace(abilities_of(gateway), **limits)
    monkeypatch.setitem(KINDS, gateway, replace(KINDS[gateway], abilities=abilities))
    order = order_of(mia, option=option)
    card = CardFactory(customer=mia.customer)

    by_card = partial(
        start_purchase,
        member=mia,
        option_id=option.pk,
        order=CardOrder(card.connection_id, card.pk),
        seen=order.seen,
        key=order.key,
    )
    buy = by_card if gateway == "stripe" else partial(order_transfer, order=order)

    with pytest.raises(refusal):
        buy(at=NOON)

    assert Purchase.objects.count() == 0


@pytest.mark.parametrize("amount_minor", [1, 1199, 1201])
def test_another_amount_goes_to_review_and_grants_nothing(
    awaited, mia, admin, amount_minor, invariants_hold
):
    case = confirm(awaited, admin, amount_minor=amount_minor)

    assert (case.reason, case.received_minor) == ("amount", amount_minor)
    assert states(awaited) == ("awaiting_payment", "pending")
    assert balance(mia) == 0
    invariants_hold()


def test_the_rest_may_come_after_another_amount(awaited, mia, admin, invariants_hold):
    confirm(awaited, admin, amount_minor=1000)

    confirm(awaited, admin, amount_minor=1200)

    assert balance(mia) == 10
    invariants_hold()


def test_another_amount_is_noted_once(awaited, admin):
    confirm(awaited, admin, amount_minor=1000)

    with pytest.raises(AmountNotedAlready):
        confirm(awaited, admin, amount_minor=1100)

    assert ReviewCase.objects.get().received_minor == 1000


def test_what_was_confirmed_is_not_confirmed_again(awaited, mia, admin):
    confirm(awaited, admin)

    with pytest.raises(TransferConfirmed):
        confirm(awaited, admin)

    assert balance(mia) == 10


@pytest.mark.parametrize("on", [NOON.date() - timedelta(days=1), NOON.date() + timedelta(days=1)])
def test_money_comes_after_the_order_and_not_tomorrow(awaited, admin, on):
    with pytest.raises(DayNotPossible):
        confirm(awaited, admin, on=on)

    assert states(awaited) == ("awaiting_payment", "pending")


def test_it_is_awaited_until_its_day_is_over_where_it_is_awaited(awaited, invariants_hold):
    last_minute = NOON.replace(month=12, day=6, hour=22, minute=59)  # 23:59 in Berlin
    expire_transfer(charge_id=awaited.charge_id, at=last_minute)
    assert states(awaited) == ("awaiting_payment", "pending")

    expire_transfer(charge_id=awaited.charge_id, at=last_minute + timedelta(minutes=1))

    assert states(awaited) == ("expired", "failed")
    assert again(awaited).charge.failure_code == "not_in_time"
    invariants_hold()


def test_money_that_comes_late_is_credited(awaited, mia, admin, invariants_hold):
    expire_transfer(charge_id=awaited.charge_id, at=LATE)

    confirm(awaited, admin, at=LATE)

    assert states(awaited) == ("completed", "succeeded")
    assert balance(mia) == 10
    invariants_hold()


def test_a_cancelled_transfer_is_awaited_no_more(awaited, mia, admin, invariants_hold):
    cancel_transfer(charge_id=awaited.charge_id, by=mia.user, at=NOON)

    assert states(awaited) == ("cancelled", "failed")
    with pytest.raises(TransferNotAwaited):
        cancel_transfer(charge_id=awaited.charge_id, by=mia.user, at=NOON)
    confirm(awaited, admin)
    assert balance(mia) == 10
    invariants_hold()


def test_of_a_transfer_nobody_says_that_its_payment_failed(awaited, option, mia):
    cancelled = awaited_transfer(mia, option=option)
    cancel_transfer(charge_id=cancelled.charge_id, by=mia.user, at=NOON + timedelta(days=1))
    assert not Notification.objects.filter(user=mia.user).exists()

    expire_transfer(charge_id=awaited.charge_id, at=LATE)

    told = Notification.objects.get(user=mia.user)
    said = NEWS[told.kind].words(Told(slug="loft", place="Loft", facts=told.facts))
    assert said.title == "Your transfer of €12.00 was not received in time"
    assert said.text == "If it is on its way, its credits are still added when it arrives."


def test_what_came_is_not_cancelled(awaited, mia, admin):
    confirm(awaited, admin)

    with pytest.raises(TransferNotAwaited):
        cancel_transfer(charge_id=awaited.charge_id, by=mia.user, at=NOON)


def test_the_buyer_is_told_once_three_days_before(awaited, mia):
    sweep(NOON + timedelta(days=10))
    assert Notification.objects.count() == 0

    sweep(NOON + timedelta(days=11))
    sweep(NOON + timedelta(days=11))
    announce_transfer(charge_id=awaited.charge_id, at=NOON + timedelta(days=12))

    told = Notification.objects.get()
    assert (told.user, told.kind) == (mia.user, "transfer_due")
    assert told.facts["due_on"] == "2026-12-06"


def test_the_sweep_ends_what_is_over_at_every_location(awaited):
    sweep(LATE)

    assert states(awaited) == ("expired", "failed")


def test_no_gateway_is_asked_about_a_transfer(awaited, fake_gateway):
    sweep(NOON + timedelta(days=1), task=sweep_charges)

    assert states(awaited) == ("awaiting_payment", "pending")


def test_a_wrong_day_is_said_at_its_field(awaited, admin):
    with pytest.raises(ValidationError) as refused:
        confirm(awaited, admin, on=date(2027, 1, 1))

    assert set(refused.value.message_dict) == {"received_on"}


def test_so_many_are_awaited_of_a_customer_and_no_more(account, option, mia, admin, signed_in):
    awaited = [awaited_transfer(mia, option=option) for _each in range(AWAITED_AT_MOST)]

    with pytest.raises(TooManyTransfers):
        order_transfer(order=order_of(mia, option=option), at=NOON)
    checkout = signed_in(mia.user).get(address(option.location, "checkout", option.pk))
    assert "enough transfers are awaited already" in words(checkout)

    cancel_transfer(charge_id=awaited[0].charge_id, by=mia.user, at=NOON)
    assert order_transfer(order=order_of(mia, option=option), at=NOON).state == "awaiting_payment"
