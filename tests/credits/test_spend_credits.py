from datetime import timedelta
from decimal import Decimal

import pytest
from django_scopes import scope

from credits.models import Entry, LotMovement, Wallet
from credits.services.granting import grant_credits
from credits.services.spending import spend_credits
from credits.services.wallets import InsufficientCredits, KeyUsedDifferently
from tests.factories import NOON, CustomerFactory
from tests.racing import race


@pytest.fixture
def customer(db):
    customer = CustomerFactory()
    with scope(location=customer.location):
        yield customer


def give(customer, credits, key, **more):
    return grant_credits(
        customer=customer,
        credits=Decimal(credits),
        reason=Entry.Reason.GIVEN,
        key=key,
        at=NOON,
        **more,
    ).lot


def spend(customer, credits, key="desk:1", at=NOON):
    return spend_credits(customer=customer, credits=Decimal(credits), key=key, at=at)


def taken(entry):
    return {
        movement.lot_id: movement.credits for movement in LotMovement.objects.filter(entry=entry)
    }


def test_the_soonest_lapsing_lot_is_spent_first_then_the_oldest_permanent_one(
    customer, invariants_hold
):
    old = give(customer, 2, "old")
    late = give(customer, 2, "late", lapses_at=NOON + timedelta(days=60))
    soon = give(customer, 2, "soon", lapses_at=NOON + timedelta(days=30))
    young = give(customer, 2, "young")

    entry = spend(customer, "4.50")

    assert taken(entry) == {
        soon.pk: Decimal(-2),
        late.pk: Decimal(-2),
        old.pk: Decimal("-0.50"),
    }
    assert young.pk not in taken(entry)
    assert (entry.credits, entry.balance_after) == (Decimal("-4.50"), Decimal("3.50"))
    invariants_hold()


def test_all_of_a_wallet_can_be_spent_to_the_last_hundredth(customer, invariants_hold):
    give(customer, "0.01", "a")
    give(customer, "0.02", "b")

    spend(customer, "0.03")

    assert Wallet.objects.get(customer=customer).balance == 0
    invariants_hold()


def test_more_than_the_wallet_holds_is_refused_in_words(customer, invariants_hold):
    give(customer, "2.50", "a")

    with pytest.raises(InsufficientCredits, match=r"needs 3 credits and you have 2\.5\."):
        spend(customer, 3)

    assert Wallet.objects.get(customer=customer).balance == Decimal("2.50")
    invariants_hold()


def test_an_empty_wallet_has_nothing_to_spend(customer):
    with pytest.raises(InsufficientCredits):
        spend(customer, 1)

    assert Entry.objects.count() == 0


def test_a_key_spends_once(customer, invariants_hold):
    give(customer, 5, "a")
    first = spend(customer, 2)

    assert spend(customer, 2) == first
    assert Wallet.objects.get(customer=customer).balance == 3
    invariants_hold()


def test_a_replay_is_answered_even_when_the_wallet_is_empty_by_now(customer):
    give(customer, 2, "a")
    first = spend(customer, 2)

    assert spend(customer, 2) == first


def test_a_key_used_for_another_number_of_credits_is_refused(customer):
    give(customer, 5, "a")
    spend(customer, 2)

    with pytest.raises(KeyUsedDifferently):
        spend(customer, 3)


def test_credits_past_their_date_cannot_be_spent(customer, invariants_hold):
    give(customer, 5, "lapsing", lapses_at=NOON + timedelta(days=1))
    give(customer, 1, "permanent")

    with pytest.raises(InsufficientCredits, match="you have 1"):
        spend(customer, 2, at=NOON + timedelta(days=2))
    entry = spend(customer, 1, at=NOON + timedelta(days=2))

    assert entry.balance_after == 0
    assert Entry.objects.filter(reason=Entry.Reason.LAPSE).get().credits == -5
    invariants_hold()


@pytest.mark.parametrize("credits", ["0", "-1", "0.001"])
def test_what_a_wallet_cannot_move_is_a_bug(customer, credits):
    with pytest.raises(AssertionError):
        spend(customer, credits)


@pytest.mark.django_db(transaction=True)
def test_ten_racing_spenders_cannot_take_more_than_the_wallet_holds(invariants_hold):
    customer = CustomerFactory()
    with scope(location=customer.location):
        give(customer, 3, "a", lapses_at=NOON + timedelta(days=3))
        give(customer, 2, "b")

    answers = race(
        customer.location, [lambda i=i: spend(customer, 1, key=f"desk:{i}") for i in range(10)]
    )

    assert sum(isinstance(answer, Entry) for answer in answers) == 5, answers
    assert sum(isinstance(answer, InsufficientCredits) for answer in answers) == 5, answers
    with scope(location=customer.location):
        assert Wallet.objects.get(customer=customer).balance == 0
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_one_key_from_ten_rivals_spends_once(invariants_hold):
    customer = CustomerFactory()
    with scope(location=customer.location):
        give(customer, 5, "a")

    answers = race(customer.location, [lambda: spend(customer, 2)] * 10)

    assert len({entry.pk for entry in answers}) == 1, answers
    with scope(location=customer.location):
        assert Wallet.objects.get(customer=customer).balance == 3
    invariants_hold()
