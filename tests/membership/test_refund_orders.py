"""Whatever the order in which a purchase's events come, and however often: one end."""

import os
from decimal import ROUND_DOWN, Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.money import share_of
from credits.services.spending import InsufficientCredits, spend_credits
from membership.services.events import EventWaits, process_event
from membership.services.paying import pay_charge
from payments.models import GatewayEvent
from tests.factories import NOON, pending_purchase
from tests.membership.takings import books_of, event_of, taken, twelve_euros

EXAMPLES = 400 if os.environ.get("DOSE") == "full" else 15
PAID, TAX, CREDITS = 1200, 200, Decimal(10)
SPEND = "spend"

parts = st.lists(st.integers(min_value=1, max_value=PAID // 3), max_size=3)
ends = st.sampled_from(["nothing", "asked", "taken", "won", "lost", "refunded after"])


@st.composite
def histories(draw, *, spends):
    """What a gateway has to tell, in some order, some of it twice; and how it ends."""
    refunds = [(amount, draw(st.booleans())) for amount in draw(parts)]
    told = [{"key": True}, {"key": True, "failed": True}]
    for number, (amount, fails) in enumerate(refunds):
        refund = {"amount_minor": amount, "reference": f"re_{number}"}
        told += [refund, *([refund | {"state": "returned"}] if fails else [])]
    left = PAID - sum(amount for amount, _fails in refunds)
    end = draw(ends) if left else "nothing"
    dispute = {"amount_minor": left, "reference": "du_1", "kind": "dispute"}
    states = {
        "asked": ["asked"],
        "taken": ["asked", "taken"],
        "won": ["asked", "taken", "returned"],
    }
    states["lost"] = ["asked", "taken", "taken"]
    states["refunded after"] = states["won"]
    told += [dispute | {"state": state} for state in states.get(end, [])]
    if end == "refunded after":
        told.append({"amount_minor": left, "reference": "re_after"})
    again = draw(st.lists(st.sampled_from(told), max_size=4))
    order = draw(st.permutations(told + again + [SPEND] * spends))
    stays = sum(amount for amount, fails in refunds if not fails)
    return order, stays + (left if end in {"taken", "lost", "refunded after"} else 0)


@pytest.fixture
def deliver(card_that, fake_gateway):
    card = card_that("loses_the_answer")
    option = twelve_euros(card.location)

    def delivered(order):
        purchase = pending_purchase(card=card, option=option)
        pay_charge(charge=purchase.charge, at=NOON)
        charge = purchase.charge
        charge.reference = fake_gateway.charges[str(purchase.key)].reference
        waiting = [
            step if step == SPEND else event_of(charge, **payload_of(step, charge)).pk
            for step in order
        ]
        while waiting:
            waiting = [step for step in waiting if not went_through(step, purchase)]
        return books_of(purchase)

    return delivered


def payload_of(step, charge):
    if "key" in step:
        return step | {"key": str(charge.key)}
    return {"taking": taken(charge, **step)}


def went_through(step, purchase):
    try:
        if step == SPEND:
            number = GatewayEvent.objects.exclude(processed_at=None).count()
            spend_credits(
                customer=purchase.customer, credits=Decimal(3), key=f"desk:{number}", at=NOON
            )
        else:
            process_event(event_id=step, at=NOON)
    except EventWaits:
        return False
    except InsufficientCredits:
        return True
    return True


def undone(run, order):
    """Each history is undone at its end, so that the next starts from nothing."""
    with transaction.atomic():
        books = run(order)
        transaction.set_rollback(True)
    return books


def taken_of_credits(minor):
    return (CREDITS * minor / PAID).quantize(Decimal("0.01"), ROUND_DOWN)


few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@few
@given(history=histories(spends=0))
def test_without_spends_any_order_ends_the_same(history, deliver):
    order, minor = history

    assert undone(deliver, order) == {
        "balance": CREDITS - taken_of_credits(minor),
        "reversed": taken_of_credits(minor),
        "owed": 0,
        "credited": minor,
        "revenue": PAID - TAX - (minor - share_of(TAX, part=minor, whole=PAID)),
    }


@few
@given(history=histories(spends=3))
def test_with_spends_between_reversed_and_owed_together_are_the_same(history, deliver):
    order, minor = history

    books = undone(deliver, order)

    assert books["reversed"] + books["owed"] == taken_of_credits(minor)
    assert books["balance"] >= 0
    assert books["credited"] == minor
