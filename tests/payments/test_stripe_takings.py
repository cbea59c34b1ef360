"""Stripe's words for money that goes back, in Deskmint's."""

import pytest

from payments.gateways.protocol import Credentials, RefundTotal, Taking, TakingKind, TakingState
from payments.gateways.stripe import StripeGateway

GATEWAY = StripeGateway(Credentials("acct_1", "pk_test_x", "rk_test_x", "http://127.0.0.1:1"))
REFUND = {
    "object": "refund",
    "id": "re_1",
    "amount": 500,
    "currency": "usd",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "status": "succeeded",
}
WITHDRAWAL = {"object": "balance_transaction", "amount": -900, "currency": "usd", "fee": 1500}
DISPUTE = {
    "object": "dispute",
    "id": "du_1",
    "amount": 900,
    "currency": "usd",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "status": "needs_response",
    "balance_transactions": [],
    "livemode": False,
}


def event(kind, subject, **changes):
    payload = {"id": "evt_1", "type": kind, "livemode": False, "data": {"object": subject}}
    return GATEWAY.read_event(payload | changes)


def test_a_refund_names_its_charge_amount_and_mode():
    assert event("refund.created", REFUND, livemode=True).taking == Taking(
        kind=TakingKind.REFUND,
        reference="re_1",
        state=TakingState.TAKEN,
        charge="pi_1",
        amount_minor=500,
        currency="USD",
        livemode=True,
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "taken"),
        ("succeeded", "taken"),
        ("requires_action", "asked"),
        ("failed", "returned"),
        ("canceled", "returned"),
    ],
)
def test_a_refund_takes_money_until_it_fails(status, state):
    assert event("refund.updated", REFUND | {"status": status}).taking.state == state


@pytest.mark.parametrize(
    ("kind", "changes", "state"),
    [
        ("created", {}, "asked"),
        ("created", {"status": "warning_needs_response"}, "asked"),
        ("created", {"balance_transactions": [WITHDRAWAL]}, "asked"),
        ("funds_withdrawn", {"balance_transactions": [WITHDRAWAL]}, "taken"),
        ("funds_withdrawn", {}, "taken"),
        ("updated", {"status": "under_review"}, "asked"),
        ("updated", {"balance_transactions": [WITHDRAWAL]}, "taken"),
        ("closed", {"status": "lost", "balance_transactions": [WITHDRAWAL]}, "taken"),
        ("closed", {"status": "warning_closed"}, "asked"),
        ("closed", {"status": "won", "balance_transactions": [WITHDRAWAL]}, "returned"),
        ("funds_reinstated", {"balance_transactions": [WITHDRAWAL]}, "returned"),
    ],
)
def test_a_dispute_takes_money_only_once_funds_were_withdrawn(kind, changes, state):
    assert event(f"charge.dispute.{kind}", DISPUTE | changes).taking.state == state


def test_amounts_are_read_as_stripe_sends_them():
    assert event("refund.created", REFUND | {"currency": "isk"}).taking.amount_minor == 5


def test_a_refunded_charge_says_how_much_in_all():
    charge = {
        "object": "charge",
        "amount_refunded": 500,
        "currency": "usd",
        "payment_intent": "pi_1",
    }
    assert event("charge.refunded", charge).refunded == RefundTotal("pi_1", 500)


def test_what_has_no_payment_intent_is_none_of_ours():
    assert event("refund.created", REFUND | {"payment_intent": None}).taking is None
