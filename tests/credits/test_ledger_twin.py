"""Any history of a wallet: the statements and their plain twin agree, and nothing is negative."""

import os
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django_scopes import scope
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from community.management.commands.check_invariants import broken_invariants
from credits.invariants import INVARIANTS
from credits.models import Entry, Hold, LotMovement, Wallet
from credits.services.granting import grant_credits
from credits.services.holding import (
    HoldClosed,
    MoreThanHeld,
    capture_hold,
    hold_credits,
    release_hold,
)
from credits.services.lapsing import lapse_customer_lots
from credits.services.restoring import reverse_spend
from credits.services.spending import spend_credits
from credits.services.wallets import InsufficientCredits
from tests.credits.twin import Twin
from tests.factories import NOON, CustomerFactory

amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(20), places=2)
days = st.one_of(st.none(), st.integers(min_value=0, max_value=40))


class Ledger(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        # Each history is undone at its end, so that the next starts from nothing.
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.customer = CustomerFactory()
        twin = CustomerFactory(member__location=self.customer.location)
        self.place = scope(location=self.customer.location)
        self.place.__enter__()
        self.twin = Twin(Wallet.objects.create(customer=twin, location=twin.location))
        self.at, self.step = NOON, 0
        self.keys, self.spends, self.holds = [], [], []

    def teardown(self):
        # The twin's holds are no rows: a lot with one in it would look as if it lapsed in part.
        for key in list(self.twin.holds):
            self.twin.release(key, at=self.at)
        self.twin.lapse(at=self.at)
        books = broken_invariants(INVARIANTS)
        self.place.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        assert books == {}

    def next_key(self):
        self.step += 1
        return f"step:{self.step}"

    @rule(credits=amounts, lapses_after=days)
    def grant(self, credits, lapses_after):
        key = self.next_key()
        lapses_at = None if lapses_after is None else self.at + timedelta(days=lapses_after)
        grant_credits(
            customer=self.customer,
            credits=credits,
            reason=Entry.Reason.GIVEN,
            key=key,
            at=self.at,
            lapses_at=lapses_at,
        )
        self.twin.grant(credits, key=key, at=self.at, lapses_at=lapses_at)

    @rule(credits=amounts)
    def spend(self, credits):
        key = self.next_key()
        assert self.spent(credits, key) == self.twin.spend(credits, key=key, at=self.at)

    def spent(self, credits, key):
        try:
            spend_credits(customer=self.customer, credits=credits, key=key, at=self.at)
        except InsufficientCredits:
            return False
        self.keys.append((key, credits))
        self.spends.append(key)
        return True

    @rule(credits=amounts, hours=st.integers(min_value=1, max_value=900))
    def hold(self, credits, hours):
        key, expires_at = self.next_key(), self.at + timedelta(hours=hours)
        try:
            made = hold_credits(
                customer=self.customer, credits=credits, expires_at=expires_at, key=key, at=self.at
            )
        except InsufficientCredits:
            made = None
        assert bool(made) == self.twin.hold(credits, key=key, at=self.at, expires_at=expires_at)
        if made:
            self.holds.append((key, made))

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), credits=amounts)
    def capture(self, data, credits):
        key, hold = data.draw(st.sampled_from(self.holds))
        entry = self.closed(lambda: capture_hold(hold=hold, credits=credits, at=self.at), hold)
        hold_key = f"hold:{hold.pk}"
        assert bool(entry) == self.twin.capture(key, credits, key=hold_key, at=self.at)
        if entry:
            self.spends.append(hold_key)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data):
        key, hold = data.draw(st.sampled_from(self.holds))
        gone = self.closed(lambda: release_hold(hold=hold, at=self.at), hold)
        assert bool(gone) == self.twin.release(key, at=self.at)

    def closed(self, act, hold):
        """What came of it; nothing, if the hold was over or had less."""
        if Hold.objects.get(pk=hold.pk).state in {Hold.State.CAPTURED, Hold.State.RELEASED}:
            return None
        try:
            return act()
        except (HoldClosed, MoreThanHeld):
            return None

    @precondition(lambda self: self.spends)
    @rule(data=st.data())
    def reverse(self, data):
        spend, key = data.draw(st.sampled_from(self.spends)), self.next_key()
        self.spends.remove(spend)
        entry = Entry.objects.get(wallet__customer=self.customer, idempotency_key=spend)
        reverse_spend(spend=entry, key=key, at=self.at)
        self.twin.reverse(spend, key=key, at=self.at)

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def spend_again_with_a_used_key(self, data):
        key, credits = data.draw(st.sampled_from(self.keys))
        before = Entry.objects.count()
        spend_credits(customer=self.customer, credits=credits, key=key, at=self.at)
        assert Entry.objects.count() == before

    @rule(passed=st.integers(min_value=1, max_value=30))
    def time_passes(self, passed):
        self.at += timedelta(days=passed)

    @precondition(lambda self: Wallet.objects.filter(customer=self.customer).exists())
    @rule()
    def lapse(self):
        wallet = Wallet.objects.get(customer=self.customer)
        lapse_customer_lots(wallet_id=wallet.pk, at=self.at)
        self.twin.lapse(at=self.at)

    @invariant()
    def rows_and_sums_agree(self):
        wallet = Wallet.objects.filter(customer=self.customer).first()
        assert rows(wallet) == rows(self.twin.wallet)
        assert wallet is None or 0 <= wallet.held <= wallet.balance
        assert (wallet.held if wallet else 0) == self.twin.held()


def rows(wallet):
    """A wallet's rows without their ids, in the order of the ledger."""
    if wallet is None:
        return [], [], [], Decimal(0)
    entries = list(
        wallet.entries.order_by("position").values_list(
            "position", "credits", "balance_after", "reason", "happened_at"
        )
    )
    lots = list(
        wallet.lots.order_by("entry__position").values_list(
            "entry__position", "credits", "remaining", "lapses_at"
        )
    )
    moved = list(
        LotMovement.objects.filter(lot__wallet=wallet)
        .order_by("entry__position", "lot__entry__position")
        .values_list("entry__position", "lot__entry__position", "credits")
    )
    return entries, lots, moved, wallet.balance


@pytest.mark.django_db
def test_a_lot_lapses_beside_a_hold():
    history = Ledger()
    history.grant(credits=Decimal("0.02"), lapses_after=1)
    history.hold(credits=Decimal("0.01"), hours=457)
    history.time_passes(passed=19)
    history.lapse()
    history.rows_and_sums_agree()
    history.teardown()


@pytest.mark.django_db
def test_statements_and_their_twin_tell_the_same_history():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=400 if os.environ.get("DOSE") == "full" else 15,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
