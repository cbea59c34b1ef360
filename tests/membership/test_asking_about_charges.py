"""The reconciler: whom it asks first, and what keeps it from asking the others."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils.timezone import now
from django_scopes import scope

from membership.services.paying import ask_about_charge, charges_to_ask_about, pay_charge
from membership.tasks import sweep_charges
from payments.models import Transaction
from payments.tasks import RunIncomplete, take_each
from payments.views.metrics import RECONCILED_AT
from tests.factories import NOON, pending_purchase
from tests.membership.states import state_of

LATER = NOON + timedelta(minutes=5)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def unheard(card_that):
    """Charges whose answers got lost, the oldest first."""
    card = card_that("loses_the_answer")
    purchases = [pending_purchase(card=card, at=NOON + A_MINUTE * number) for number in range(3)]
    for purchase in purchases:
        pay_charge(charge=purchase.charge, at=NOON)
    return purchases


def to_ask():
    return [pk for _location, pk in charges_to_ask_about(at=LATER, older_than=A_MINUTE)]


def test_who_was_not_asked_about_for_the_longest_comes_first(unheard):
    first, second, third = [purchase.charge_id for purchase in unheard]
    assert to_ask() == [first, second, third]

    ask_about_charge(charge_id=first, at=LATER)
    ask_about_charge(charge_id=third, at=LATER + A_MINUTE)

    assert to_ask() == [second, first, third]


def test_charges_that_stay_pending_hold_up_none(unheard, monkeypatch):
    monkeypatch.setattr("membership.services.paying.ASKED_A_RUN", 2)
    stuck = to_ask()
    for charge_id in stuck:
        ask_about_charge(charge_id=charge_id, at=LATER)

    assert to_ask()[0] not in stuck


def test_one_that_meets_a_bug_keeps_no_other_from_being_settled(unheard, card, monkeypatch):
    broken, good, another = unheard
    card.reference = "card_ok"
    card.save()
    cache.delete(RECONCILED_AT)
    ask = ask_about_charge

    def ask_unless(*, charge_id, at):
        if charge_id == broken.charge_id:
            raise RuntimeError
        ask(charge_id=charge_id, at=at)

    monkeypatch.setattr("membership.tasks.ask_about_charge", ask_unless)
    with pytest.raises(RunIncomplete):
        sweep_charges()

    assert [state_of(it)[0] for it in (good, another)] == ["completed", "completed"]
    assert cache.get(RECONCILED_AT) is None, "not all were asked about"


def test_a_run_that_takes_long_leaves_the_rest_to_the_next(card, monkeypatch):
    took = []
    moments = iter([NOON, NOON, NOON + A_MINUTE, NOON + A_MINUTE])
    monkeypatch.setattr("payments.tasks.now", lambda: next(moments))

    left = take_each([(card.location_id, pk) for pk in (1, 2, 3)], took.append, failure="x")

    assert (took, left) == ([1], 2)


def test_what_is_settled_is_not_marked_as_asked_about(card):
    purchase = pending_purchase(card=card, at=now())
    pay_charge(charge=purchase.charge, at=now())

    with scope(location=card.location):
        ask_about_charge(charge_id=purchase.charge_id, at=LATER)

    assert Transaction.objects.get().asked_at is None
