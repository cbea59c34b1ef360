from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.models import RevenueLine
from billing.models import Receipt
from community.management.commands.check_invariants import broken_invariants
from credits.models import Entry, Lot, Wallet
from membership.models import Purchase
from membership.services.settlement import ABANDONED, Settled, settle_transaction
from notifications.models import Notification
from payments.gateways.protocol import ChargeOutcome, ChargeState
from payments.models import Transaction
from tests.factories import NOON, LocationFactory, OptionFactory, pending_purchase

LATER = NOON + timedelta(days=3)


@pytest.fixture
def purchase(card):
    purchase = pending_purchase(card=card)
    Transaction.objects.filter(pk=purchase.charge_id).update(submitted_at=NOON)
    return purchase


def report(purchase, state=ChargeState.SUCCEEDED, **facts):
    return replace(
        ChargeOutcome(
            reference="pi_1",
            state=state,
            amount_minor=purchase.total_minor,
            currency=purchase.currency,
            livemode=False,
            key=str(purchase.key),
            failure_code="do_not_honor" if state is ChargeState.FAILED else "",
        ),
        **facts,
    )


def settle(purchase, outcome, at=NOON):
    return settle_transaction(
        transaction_id=purchase.charge_id,
        location_id=purchase.location_id,
        outcome=outcome,
        at=at,
    )


def books():
    """How many of everything a sale leaves."""
    with scopes_disabled():
        return {
            model.__name__: model.objects.count()
            for model in (Entry, Lot, Receipt, RevenueLine, Notification)
        }


NOTHING = {"Entry": 0, "Lot": 0, "Receipt": 0, "RevenueLine": 0, "Notification": 0}
ONE_SALE = dict.fromkeys(NOTHING, 1)


def test_success_writes_credits_papers_revenue_and_notification(purchase, invariants_hold):
    assert settle(purchase, report(purchase)) is Settled.COMPLETED

    purchase.refresh_from_db()
    assert (purchase.state, purchase.completed_at) == ("completed", NOON)
    assert (purchase.charge.reference, purchase.charge.settled_at) == ("pi_1", NOON)
    assert (purchase.accrual.reason, purchase.accrual.credits) == ("purchase", Decimal(10))
    assert purchase.accrual.made_by == purchase.bought_by.user
    assert purchase.accrual.lot.paid_minor == purchase.net_minor
    assert purchase.accrual.lot.lapses_at is None
    assert purchase.receipt.lines.get().description == "10 credits"
    line = RevenueLine.objects.get()
    assert (line.net_minor, line.source, line.method) == (purchase.net_minor, "credits", "stripe")
    told = Notification.objects.get()
    assert (told.user, told.kind) == (purchase.bought_by.user, "credits_added")
    assert told.facts == {
        "credits": "10.00",
        "balance": "10.00",
        "purchase": str(purchase.key),
        "company": "",
        "company_id": None,
    }
    invariants_hold()


def test_credits_with_an_expiry_lapse_months_after_the_payment(card):
    purchase = pending_purchase(
        card=card, option=OptionFactory(location=card.location, expiry_months=3)
    )

    settle(purchase, report(purchase), at=LATER)

    assert Lot.objects.get().lapses_at == LATER.replace(year=2027, month=2)


def test_success_said_twice_counts_once(purchase, invariants_hold):
    settle(purchase, report(purchase))

    assert settle(purchase, report(purchase), at=LATER) is Settled.ALREADY

    assert books() == ONE_SALE
    invariants_hold()


def test_a_failure_grants_nothing(purchase, invariants_hold):
    assert settle(purchase, report(purchase, ChargeState.FAILED)) is Settled.FAILED

    purchase.refresh_from_db()
    assert (purchase.state, purchase.charge.failure_code) == ("failed", "do_not_honor")
    assert books() == NOTHING
    invariants_hold()


def test_a_very_long_reason_is_cut(purchase):
    settle(purchase, report(purchase, ChargeState.FAILED, failure_code="x" * 500))

    assert Purchase.objects.get().charge.failure_code == "x" * 60


@pytest.mark.parametrize("ending", ["do_not_honor", ABANDONED])
def test_money_that_arrives_after_the_end_is_credited(purchase, ending, invariants_hold):
    settle(purchase, report(purchase, ChargeState.FAILED, failure_code=ending))

    assert settle(purchase, report(purchase), at=LATER) is Settled.COMPLETED

    purchase.refresh_from_db()
    assert (purchase.state, purchase.completed_at) == ("completed", LATER)
    assert purchase.charge.failure_code == ""
    assert books() == ONE_SALE
    invariants_hold()


def test_a_failure_after_success_changes_nothing(purchase, invariants_hold):
    settle(purchase, report(purchase))

    assert settle(purchase, report(purchase, ChargeState.FAILED)) is Settled.ALREADY

    assert Purchase.objects.get().state == "completed"
    invariants_hold()


def test_a_charge_under_way_is_noted_with_its_reference(purchase):
    assert settle(purchase, report(purchase, ChargeState.ACTION)) is Settled.WAITING

    charge = Transaction.objects.get()
    assert (charge.state, charge.reference) == ("pending", "pi_1")


MISMATCHES = {
    "less money": {"amount_minor": 1},
    "another currency": {"currency": "USD"},
    "live money for a test purchase": {"livemode": True},
    "another charge than was heard of": {"reference": "pi_2"},
}


@pytest.mark.parametrize("facts", MISMATCHES.values(), ids=MISMATCHES)
@pytest.mark.parametrize("state", ChargeState)
def test_money_that_does_not_match_grants_nothing(purchase, facts, state, invariants_hold):
    settle(purchase, report(purchase, ChargeState.ACTION))

    assert settle(purchase, report(purchase, state, **facts)) is Settled.MISMATCH

    assert Purchase.objects.get().state == "pending"
    assert Transaction.objects.get().reference == "pi_1"
    assert books() == NOTHING
    invariants_hold()


def test_a_charge_can_not_be_settled_from_another_location(purchase):
    elsewhere = LocationFactory()

    with pytest.raises(Transaction.DoesNotExist):
        settle_transaction(
            transaction_id=purchase.charge_id,
            location_id=elsewhere.pk,
            outcome=report(purchase),
            at=NOON,
        )

    assert books() == NOTHING


def test_a_settlement_that_breaks_on_the_way_leaves_nothing(purchase, monkeypatch):
    """The last step fails: money, credits, papers and numbers are undone together."""

    def burn(**_facts):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("membership.services.settlement.update_completed", burn)
        with pytest.raises(RuntimeError):
            settle(purchase, report(purchase))
    assert books() == NOTHING
    assert Transaction.objects.get().state == "pending"

    settle(purchase, report(purchase))

    assert Receipt.objects.get().sequence == 1
    assert books() == ONE_SALE


def test_a_settlement_takes_seven_statements_and_its_transaction(
    purchase, django_assert_num_queries
):
    outcome = report(purchase)

    # Facts under lock; transaction, accrual, notification, receipt, revenue, purchase; and the
    # savepoint with its release, which stand for begin and commit.
    with django_assert_num_queries(9):
        settle(purchase, outcome)


OUTCOMES = [
    ChargeState.PENDING,
    ChargeState.ACTION,
    ChargeState.FAILED,
    ChargeState.SUCCEEDED,
    ChargeState.SUCCEEDED,
    ChargeState.FAILED,
]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=st.permutations(OUTCOMES), repeats=st.lists(st.sampled_from(OUTCOMES), max_size=3))
def test_outcomes_in_any_order_end_in_the_same_state(card, story, repeats):
    purchase = pending_purchase(card=card)
    Transaction.objects.filter(pk=purchase.charge_id).update(submitted_at=NOON)
    reference = f"pi_{purchase.pk}"
    before, balance = books(), wallet_balance()

    for state in [*story, *repeats]:
        settle(purchase, report(purchase, state, reference=reference))

    purchase.refresh_from_db()
    assert (purchase.state, purchase.charge.state) == ("completed", "succeeded")
    assert books() == {name: count + 1 for name, count in before.items()}
    assert wallet_balance() == balance + 10
    assert {name for name in broken_invariants() if "for more than" not in name} == set()


def wallet_balance():
    return sum(wallet.balance for wallet in Wallet.objects.all())
