"""Refunds at the same moment as something else: real threads on real Postgres."""

from decimal import Decimal
from functools import partial

import pytest
from django_scopes import scope

from credits.models import Wallet
from credits.services.spending import InsufficientCredits, spend_credits
from membership.models import OwedCredits, Purchase
from membership.services.events import process_event
from membership.services.outside_refunds import RefundTooLarge, record_outside_refund
from membership.services.paying import pay_charge
from payments.models import ReviewCase, Transaction
from tests.factories import NOON, CardFactory, RoleFactory, pending_purchase
from tests.membership.takings import event_of, taken, twelve_euros
from tests.racing import errors, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bought(fake_gateway):
    card = CardFactory()
    with scope(location=card.location):
        purchase = pending_purchase(card=card, option=twelve_euros(card.location))
        pay_charge(charge=purchase.charge, at=NOON)
        return Purchase.objects.select_related("charge", "customer").get(pk=purchase.pk)


def told(purchase, amount_minor, **more):
    with scope(location=purchase.location_id):
        charge = purchase.charge
        event = event_of(charge, taking=taken(charge, amount_minor, **more))
    return partial(process_event, event_id=event.pk, at=NOON)


def test_refunds_in_parts_and_told_twice_at_once_count_once_each(bought, invariants_hold):
    work = [told(bought, 400, reference=f"re_{number // 2}") for number in range(6)]

    answers = race(bought.location, work)

    assert errors(answers) == []
    with scope(location=bought.location):
        assert Transaction.objects.filter(kind="refund").count() == 3
        assert Wallet.objects.get().balance == 0
    invariants_hold()


def test_of_two_refunds_that_are_too_much_together_one_goes_to_review(bought, invariants_hold):
    answers = race(bought.location, [told(bought, 800, reference=f"re_{it}") for it in range(2)])

    assert errors(answers) == []
    with scope(location=bought.location):
        assert Transaction.objects.get(kind="refund").amount_minor == 800
        assert ReviewCase.objects.get().reason == "taken_back"
    invariants_hold()


def test_a_refund_and_spending_at_once_share_the_credits_out(bought, invariants_hold):
    def spend(number):
        spend_credits(customer=bought.customer, credits=Decimal(2), key=f"desk:{number}", at=NOON)

    answers = race(
        bought.location,
        [told(bought, 600), *(partial(spend, number) for number in range(5))],
    )

    assert all(isinstance(it, InsufficientCredits) for it in errors(answers))
    with scope(location=bought.location):
        purchase = Purchase.objects.get()
        owed = sum(row.left for row in OwedCredits.objects.all())
    assert purchase.reversed_credits + owed == 5
    invariants_hold()


def test_a_refund_at_the_moment_of_settlement_finds_what_was_bought(fake_gateway, invariants_hold):
    """The gateway refunds what the page hasn't heard to have succeeded."""
    card = CardFactory(reference="card_lost_answer_1")
    with scope(location=card.location):
        option = twelve_euros(card.location)
        for _again in range(4):
            purchase = pending_purchase(card=card, option=option)
            pay_charge(charge=purchase.charge, at=NOON)
            outcome = fake_gateway.charges[str(purchase.key)]
            purchase.charge.reference = outcome.reference
            paid = event_of(purchase.charge, key=str(purchase.key))
            refund = told(purchase, 1200, reference=f"re_{purchase.pk}")

            answers = race(
                card.location, [partial(process_event, event_id=paid.pk, at=NOON), refund]
            )

            assert errors(answers) == []
        assert Wallet.objects.get().balance == 0
        assert Transaction.objects.filter(kind="refund").count() == 4
    invariants_hold()


def test_an_admin_and_the_gateway_refund_at_once_no_more_than_was_paid(bought, invariants_hold):
    with scope(location=bought.location):
        admin = RoleFactory(location=bought.location).user
    note = partial(
        record_outside_refund,
        charge_id=bought.charge_id,
        amount_minor=800,
        reference="Till 4",
        refunded_on=NOON.date(),
        by=admin,
        at=NOON,
    )

    answers = race(bought.location, [note, told(bought, 800)])

    assert all(isinstance(it, RefundTooLarge) for it in errors(answers))
    with scope(location=bought.location):
        assert Transaction.objects.get(pk=bought.charge_id).taken_back_minor == 800
    invariants_hold()
