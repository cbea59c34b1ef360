from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django_scopes import scope

from community.models import Company, Member
from community.principals import Principal
from credits.models import Entry, Hold, Wallet
from credits.services.giving import MoreThanBalance, deduct_credits
from credits.services.holding import (
    ExpiresInThePast,
    HoldClosed,
    MoreThanHeld,
    capture_hold,
    hold_credits,
    release_hold,
)
from credits.services.restoring import AlreadyReversed, NotASpend, reverse_spend
from credits.services.reversing import reverse_accrual
from credits.services.wallets import CreditsLocked, InsufficientCredits, KeyUsedDifferently
from credits.tasks import sweep_lapsed_lots
from tests.credits.test_spend_credits import give, spend, taken
from tests.factories import NOON, CompanyFactory, CustomerFactory, RoleFactory
from tests.racing import race

DAY = timedelta(days=1)


@pytest.fixture
def customer(db):
    customer = CustomerFactory()
    with scope(location=customer.location):
        yield customer


def hold(customer, credits, key="room:1", *, at=NOON, until=NOON + DAY):
    return hold_credits(
        customer=customer, credits=Decimal(credits), expires_at=until, key=key, at=at
    )


def wallet_of(customer):
    return Wallet.objects.get(customer=customer)


def test_what_is_held_is_there_but_cannot_be_spent(customer, invariants_hold):
    give(customer, 10, "a")
    hold(customer, 7)

    assert (wallet_of(customer).balance, wallet_of(customer).available) == (10, 3)
    with pytest.raises(InsufficientCredits, match="needs 4 credits and you have 3"):
        spend(customer, 4)
    with pytest.raises(InsufficientCredits):
        hold(customer, 4, "room:2")
    with pytest.raises(MoreThanBalance, match="3 credits are available"):
        deduct_credits(
            customer=customer,
            credits=Decimal(4),
            reason="Mistake",
            by=RoleFactory(location=customer.location).user,
            principal=Principal(user_id=1, location_id=customer.location_id, role="admin"),
            key="deduct",
            at=NOON,
        )
    spend(customer, 3)
    invariants_hold()


def test_a_capture_takes_from_the_lots_that_were_held_and_frees_the_rest(customer, invariants_hold):
    soon = give(customer, 4, "soon", lapses_at=NOON + 9 * DAY)
    never = give(customer, 6, "never")
    held = hold(customer, 8)
    sooner = give(customer, 5, "sooner", lapses_at=NOON + 2 * DAY)

    entry = capture_hold(hold=held, credits=Decimal(5), at=NOON)

    assert taken(entry) == {soon.pk: -4, never.pk: -1}
    assert (entry.reason, entry.balance_after) == (Entry.Reason.SPENDING, 10)
    assert sooner.pk not in taken(entry)
    assert wallet_of(customer).held == 0
    assert capture_hold(hold=held, credits=Decimal(5), at=NOON) == entry
    with pytest.raises(HoldClosed, match="Captured"):
        capture_hold(hold=held, credits=Decimal(4), at=NOON)
    with pytest.raises(HoldClosed):
        release_hold(hold=held, at=NOON)
    invariants_hold()


def test_more_than_is_held_is_not_captured(customer):
    give(customer, 9, "a")
    held = hold(customer, 5)

    with pytest.raises(MoreThanHeld, match="has 5 credits"):
        capture_hold(hold=held, credits=Decimal(6), at=NOON)

    assert wallet_of(customer).held == 5


def test_a_release_frees_all_of_it_once(customer, invariants_hold):
    give(customer, 5, "a")
    held = hold(customer, 5)

    release_hold(hold=held, at=NOON)
    release_hold(hold=held, at=NOON)

    assert spend(customer, 5).balance_after == 0
    with pytest.raises(HoldClosed, match="Released"):
        capture_hold(hold=held, credits=None, at=NOON)
    invariants_hold()


def test_a_held_lot_lapses_when_its_hold_ends_and_not_before(customer, invariants_hold):
    lot = give(customer, 10, "a", lapses_at=NOON + DAY)
    held = hold(customer, 6, until=NOON + 3 * DAY)

    with pytest.raises(InsufficientCredits, match="you have 0"):
        spend(customer, 1, at=NOON + 2 * DAY)  # the 4 that nobody held are past their date
    entry = capture_hold(hold=held, credits=Decimal(5), at=NOON + 2 * DAY)

    lot.refresh_from_db()
    assert (entry.credits, lot.remaining) == (-5, 0)
    lapses = Entry.objects.filter(reason=Entry.Reason.LAPSE).order_by("position")
    assert [(it.credits, it.idempotency_key) for it in lapses] == [
        (-4, f"lapse:{lot.pk}"),
        (-1, f"lapse:{lot.pk}:2"),
    ]
    invariants_hold()


def test_the_beat_closes_holds_whose_time_is_over(customer, invariants_hold):
    give(customer, 5, "a")
    held = hold(customer, 5)

    with time_machine.travel(NOON + 2 * DAY):
        sweep_lapsed_lots()

    held.refresh_from_db()
    assert (held.state, held.closed_at) == (Hold.State.EXPIRED, held.expires_at)
    assert wallet_of(customer).held == 0
    with pytest.raises(HoldClosed, match="Expired"):
        capture_hold(hold=held, credits=None, at=NOON + 2 * DAY)
    invariants_hold()


def test_a_spend_of_what_an_expired_hold_had_needs_no_beat(customer, invariants_hold):
    give(customer, 5, "a")
    held = hold(customer, 5)

    assert spend(customer, 5, at=NOON + DAY).balance_after == 0
    with pytest.raises(HoldClosed):
        capture_hold(hold=held, credits=None, at=NOON + DAY)
    invariants_hold()


def test_a_claw_back_takes_unheld_credits_first_and_then_the_youngest_hold(
    customer, invariants_hold
):
    accrual = give(customer, 10, "a").entry
    old, young = hold(customer, 4, "old"), hold(customer, 4, "young")

    def claw_back(part, key):
        return reverse_accrual(
            accrual=accrual, part=part, whole=10, note="", key=key, by=None, at=NOON
        )

    assert claw_back(2, "1").credits == 2
    assert wallet_of(customer).held == 8
    assert claw_back(5, "2").credits == 3
    with pytest.raises(MoreThanHeld, match="has 1 credits"):
        capture_hold(hold=young, credits=Decimal(4), at=NOON)
    assert capture_hold(hold=young, credits=None, at=NOON).credits == -1
    assert capture_hold(hold=old, credits=None, at=NOON).credits == -4
    assert wallet_of(customer).balance == 0
    invariants_hold()


def test_a_hold_of_which_all_was_clawed_back_ends_all_the_same(customer, invariants_hold):
    accrual = give(customer, 10, "a").entry
    held = hold(customer, 10)
    reverse_accrual(accrual=accrual, part=1, whole=1, note="", key="1", by=None, at=NOON)

    with time_machine.travel(NOON + 2 * DAY):
        sweep_lapsed_lots()

    held.refresh_from_db()
    assert (held.state, held.closed_at) == (Hold.State.EXPIRED, held.expires_at)
    assert (wallet_of(customer).balance, wallet_of(customer).held) == (0, 0)
    invariants_hold()


def test_a_key_holds_once(customer):
    give(customer, 9, "a")
    first = hold(customer, 4)

    assert hold(customer, 4) == first
    with pytest.raises(KeyUsedDifferently):
        hold(customer, 3)
    with pytest.raises(ExpiresInThePast):
        hold(customer, 1, "room:2", until=NOON)
    assert wallet_of(customer).held == 4


def test_a_reversal_fills_the_very_lots_again_once(customer, invariants_hold):
    soon = give(customer, 2, "soon", lapses_at=NOON + DAY)
    never = give(customer, 5, "never")
    spent = spend(customer, 4)

    back = reverse_spend(spend=spent, key="back", at=NOON)

    assert taken(back) == {soon.pk: 2, never.pk: 2}
    assert (back.reason, back.reverses, back.balance_after) == (Entry.Reason.REVERSAL, spent, 7)
    assert reverse_spend(spend=spent, key="back", at=NOON) == back
    with pytest.raises(AlreadyReversed):
        reverse_spend(spend=spent, key="again", at=NOON)
    with pytest.raises(NotASpend):
        reverse_spend(spend=back, key="third", at=NOON)
    invariants_hold()


def test_what_comes_back_to_a_lot_past_its_date_lapses_at_once(customer, invariants_hold):
    give(customer, 3, "soon", lapses_at=NOON + DAY)
    spent = spend(customer, 2)

    reverse_spend(spend=spent, key="back", at=NOON + 2 * DAY)

    assert wallet_of(customer).balance == 0
    invariants_hold()


@pytest.mark.parametrize("state", [Member.State.SUSPENDED, Member.State.LEFT])
def test_who_is_not_active_spends_and_holds_nothing(customer, state):
    give(customer, 5, "a")
    customer.member.state = state
    customer.member.save()

    with pytest.raises(CreditsLocked):
        spend(customer, 1)
    with pytest.raises(CreditsLocked):
        hold(customer, 1)


def test_a_closed_company_spends_nothing(customer):
    company = CompanyFactory(location=customer.location, state=Company.State.CLOSED, closed_at=NOON)
    give(company.customer, 5, "a")

    with pytest.raises(CreditsLocked):
        spend(company.customer, 1)


@pytest.mark.django_db(transaction=True)
def test_fifty_racing_spends_of_ten_find_a_hundred_for_ten_of_them(invariants_hold):
    customer = CustomerFactory()
    with scope(location=customer.location):
        give(customer, 60, "a", lapses_at=NOON + DAY)
        give(customer, 40, "b")

    answers = race(
        customer.location, [lambda i=i: spend(customer, 10, key=f"door:{i}") for i in range(50)]
    )

    assert sum(isinstance(it, Entry) for it in answers) == 10, answers
    assert sum(isinstance(it, InsufficientCredits) for it in answers) == 40, answers
    with scope(location=customer.location):
        assert wallet_of(customer).balance == 0
    invariants_hold()


@pytest.mark.django_db(transaction=True)
def test_a_hold_is_captured_or_released_and_a_spend_given_back_once_by_rivals(invariants_hold):
    customer = CustomerFactory()
    with scope(location=customer.location):
        give(customer, 10, "a")
        held, spent = hold(customer, 6), spend(customer, 2)

    answers = race(
        customer.location,
        [
            *[lambda: capture_hold(hold=held, credits=Decimal(4), at=NOON)] * 3,
            *[lambda: release_hold(hold=held, at=NOON)] * 3,
            *[lambda i=i: reverse_spend(spend=spent, key=f"r{i}", at=NOON) for i in range(3)],
        ],
    )

    assert sum(isinstance(it, AlreadyReversed) for it in answers) == 2, answers
    assert sum(isinstance(it, HoldClosed) for it in answers) == 3, answers
    with scope(location=customer.location):
        assert wallet_of(customer).held == 0
        assert wallet_of(customer).balance in {10, 6}
    invariants_hold()
