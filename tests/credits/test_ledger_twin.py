"""Any history of grants, spends and lapses: the statements and their plain twin agree."""

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
from credits.models import Entry, LotMovement, Wallet
from credits.services.granting import grant_credits
from credits.services.lapsing import lapse_customer_lots
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
        self.at, self.step, self.keys = NOON, 0, []

    def teardown(self):
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
        return True

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def spend_again_with_a_used_key(self, data):
        key, credits = data.draw(st.sampled_from(self.keys))
        assert self.spent(credits, key)
        self.keys.pop()

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
def test_statements_and_their_twin_tell_the_same_history():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
