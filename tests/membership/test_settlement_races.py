"""What happens at the same moment: real threads on real Postgres, each with its connection."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from threading import Barrier, BrokenBarrierError

import pytest
from django_scopes import scope

from credits.models import Entry, Wallet
from credits.services.spending import spend_credits
from membership.models import Purchase
from membership.services.events import process_event
from membership.services.joining import reactivate_member, suspend_member
from membership.services.paying import (
    ask_about_charge,
    give_up_charge,
    open_card_setup,
    pay_charge,
)
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import quote_option
from membership.services.refusals import NotAnActiveMember
from membership.services.reviewing import PaidAlready, settle_review
from payments.models import GatewayEvent, ReviewCase, Transaction
from tests.factories import NOON, CardFactory, OptionFactory, RoleFactory, pending_purchase
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def card(fake_gateway):
    return CardFactory()


def bought(card, **more):
    with scope(location=card.location):
        return pending_purchase(card=card, **more)


def pay(purchase):
    return pay_charge(charge=Purchase.objects.get(pk=purchase.pk).charge, at=NOON)


def balance(card):
    with scope(location=card.location):
        wallet = Wallet.objects.filter(customer=card.customer).first()
        return wallet.balance if wallet else 0


def event_about(purchase):
    return GatewayEvent.objects.create(
        location_id=purchase.location_id,
        connection=purchase.charge.connection,
        reference=f"evt_{purchase.pk}",
        kind="payment_intent.succeeded",
        payload={"id": "evt_1", "type": "payment_intent.succeeded", "key": str(purchase.key)},
        received_at=NOON,
    )


def test_twenty_confirmations_of_one_purchase_charge_and_settle_it_once(
    card, fake_gateway, invariants_hold
):
    sent = []
    fake_gateway.on_charge = lambda: sent.append(1)
    purchase = bought(card)

    answers = race(card.location, [partial(pay, purchase)] * 20)

    assert errors(answers) == []
    assert len(fake_gateway.charges) == 1
    assert balance(card) == 10
    invariants_hold()


def test_twenty_confirmations_of_a_new_card_charge_and_settle_it_once(
    card, fake_gateway, invariants_hold
):
    with scope(location=card.location):
        option = OptionFactory(location=card.location)
        purchase = start_purchase(
            member=card.customer.member,
            option_id=option.pk,
            order=CardOrder(connection_id=card.connection_id, card_id=None, keep_card=True),
            seen=quote_option(option, card.location),
            key="018f0000-0000-7000-8000-000000000003",
            at=NOON,
        )
        open_card_setup(charge=purchase.charge, at=NOON)

    answers = race(card.location, [partial(pay, purchase)] * 20)

    assert errors(answers) == []
    assert len(fake_gateway.charges) == 1
    assert balance(card) == 10
    invariants_hold()


def test_page_and_webhook_at_the_same_moment_settle_once(card, fake_gateway, invariants_hold):
    """The webhook is let in while the page waits for the gateway's answer."""
    for _ in range(8):
        purchase = bought(card)
        with scope(location=card.location):
            event = event_about(purchase)
        meeting = Barrier(2)
        fake_gateway.on_charge = partial(meet, meeting)

        def webhook(meeting=meeting, event=event):
            meet(meeting)
            process_event(event_id=event.pk, at=NOON)

        answers = race(card.location, [partial(pay, purchase), webhook])

        assert errors(answers) == []
        with scope(location=card.location):
            assert Entry.objects.filter(idempotency_key=f"purchase:{purchase.pk}").count() == 1
    assert balance(card) == 80
    invariants_hold()


def meet(barrier):
    try:
        barrier.wait(10)
    except BrokenBarrierError:
        raise AssertionError("the rival never came") from None


def test_ten_settlements_on_one_wallet_lose_nothing(card, invariants_hold):
    purchases = [bought(card) for _ in range(10)]

    answers = race(card.location, [partial(pay, purchase) for purchase in purchases])

    assert errors(answers) == []
    assert balance(card) == 100
    invariants_hold()


def test_buyers_and_spenders_of_one_wallet_lose_nothing(card, invariants_hold):
    with scope(location=card.location):
        pay(bought(card))
    purchases = [bought(card) for _ in range(5)]

    answers = race(
        card.location,
        [partial(pay, purchase) for purchase in purchases]
        + [
            partial(
                spend_credits,
                customer=card.customer,
                credits=Decimal(1),
                key=f"desk:{number}",
                at=NOON,
            )
            for number in range(5)
        ],
    )

    assert errors(answers) == []
    assert balance(card) == 55
    invariants_hold()


def test_settlements_and_permission_checks_of_the_same_member_do_not_deadlock(
    card, invariants_hold
):
    """Charged, but the answers are lost: the webhooks settle while the member clicks on."""
    member = card.customer.member
    with scope(location=card.location):
        option = OptionFactory(location=card.location)
        card.reference = "card_lost_answer"
        card.save()
    buy = partial(pending_purchase, card=card, option=option)

    for _ in range(25):
        with scope(location=card.location):
            charged = [buy() for _ in range(3)]
            for purchase in charged:
                pay(purchase)
            waiting = [event_about(purchase) for purchase in charged]
        answers = race(
            card.location,
            [partial(process_event, event_id=event.pk, at=NOON) for event in waiting]
            + [buy, buy, partial(suspend_member, member=member, by=None, reason="", at=NOON)],
        )
        refused = errors(answers)
        assert all(isinstance(it, NotAnActiveMember) for it in refused), refused
        with scope(location=card.location):
            reactivate_member(member=member, by=None, at=NOON)
    assert balance(card) == 750
    invariants_hold()


def test_giving_up_and_paying_at_once_leave_one_truth(card, fake_gateway, invariants_hold):
    for _ in range(10):
        purchase = bought(card)

        race(
            card.location,
            [
                partial(pay, purchase),
                partial(give_up_charge, charge=purchase.charge, at=NOON),
                partial(pay, purchase),
            ],
        )

        with scope(location=card.location):
            state = Purchase.objects.get(pk=purchase.pk).state
            charge = Transaction.objects.get(pk=purchase.charge_id)
        charged = str(purchase.key) in fake_gateway.charges
        assert (state, charge.state) == (
            ("completed", "succeeded") if charged else ("expired", "failed")
        )
    invariants_hold()


def test_one_event_from_ten_workers_has_one_effect(card, fake_gateway, invariants_hold):
    with scope(location=card.location):
        card.reference = "card_lost_answer"
        card.save()
        purchase = pending_purchase(card=card)
        pay(purchase)
        event = event_about(purchase)

    moments = [NOON + timedelta(seconds=number) for number in range(10)]
    answers = race(
        card.location, [partial(process_event, event_id=event.pk, at=moment) for moment in moments]
    )

    assert errors(answers) == []
    with scope(location=card.location):
        event.refresh_from_db()
        purchase.refresh_from_db()
    assert event.processed_at == purchase.completed_at, "the others found it done"
    assert balance(card) == 10
    invariants_hold()


def test_an_admin_who_settles_a_review_while_the_sweeper_asks_leave_one_truth(
    card, fake_gateway, invariants_hold
):
    """More was paid than asked for: the sweeper reports it again while an admin takes it."""
    admin = RoleFactory(location=card.location, kind="admin").user
    with scope(location=card.location):
        card.reference = "card_lost_answer"
        card.save()
    for _ in range(8):
        purchase = bought(card)
        with scope(location=card.location):
            pay(purchase)
            key, event = str(purchase.key), event_about(purchase)
            more = fake_gateway.charges[key].amount_minor + 100
            fake_gateway.charges[key] = replace(fake_gateway.charges[key], amount_minor=more)
            process_event(event_id=event.pk, at=NOON)
            case = ReviewCase.objects.open().get()

        answers = race(
            card.location,
            [
                partial(settle_review, case_id=case.pk, note="Agreed", by=admin, at=NOON),
                partial(settle_review, case_id=case.pk, note="Agreed too", by=admin, at=NOON),
                *[partial(ask_about_charge, charge_id=purchase.charge_id, at=NOON)] * 4,
            ],
        )

        refused = errors(answers)
        assert [type(it) for it in refused] == [PaidAlready]
        with scope(location=card.location):
            assert not ReviewCase.objects.open().exists()
    assert balance(card) == 80
    invariants_hold()
