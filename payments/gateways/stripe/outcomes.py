"""Stripe's objects, plain dicts from API and webhook alike, in Deskmint's words."""

from typing import Any

from payments.gateways.protocol import (
    CardDetails,
    ChargeOutcome,
    ChargeState,
    RefundTotal,
    SetupOutcome,
    SetupState,
    Taking,
    TakingKind,
    TakingState,
)
from payments.gateways.stripe.amounts import from_stripe

KEY = "deskmint_key"  # our key in the payment intent's metadata

CHARGE_STATES = {
    "succeeded": ChargeState.SUCCEEDED,
    "requires_action": ChargeState.ACTION,
    "requires_payment_method": ChargeState.FAILED,
    "canceled": ChargeState.FAILED,
}
SETUP_STATES = {"succeeded": SetupState.READY, "canceled": SetupState.FAILED}
# A pending refund has left the account's balance already.
REFUND_STATES = {
    "requires_action": TakingState.ASKED,
    "failed": TakingState.RETURNED,
    "canceled": TakingState.RETURNED,
}


def charge_outcome(intent: dict[str, Any]) -> ChargeOutcome:
    currency = intent["currency"].upper()
    state = CHARGE_STATES.get(intent["status"], ChargeState.PENDING)
    return ChargeOutcome(
        reference=intent["id"],
        state=state,
        amount_minor=from_stripe(intent["amount"], currency),
        currency=currency,
        livemode=intent["livemode"],
        key=(intent.get("metadata") or {}).get(KEY, ""),
        client_secret=intent.get("client_secret") or "",
        failure_code=failure_code(intent.get("last_payment_error"), intent["status"])
        if state is ChargeState.FAILED
        else "",
    )


def setup_outcome(intent: dict[str, Any]) -> SetupOutcome:
    state = SETUP_STATES.get(intent["status"], SetupState.OPEN)
    error = intent.get("last_setup_error")
    if state is SetupState.OPEN and error:
        state = SetupState.FAILED
    return SetupOutcome(
        reference=intent["id"],
        state=state,
        client_secret=intent.get("client_secret") or "",
        card=card_details(intent["payment_method"]) if state is SetupState.READY else None,
        failure_code=failure_code(error, intent["status"]) if state is SetupState.FAILED else "",
    )


def card_details(method: dict[str, Any]) -> CardDetails:
    card = method["card"]
    return CardDetails(
        reference=method["id"],
        fingerprint=card.get("fingerprint") or "",
        brand=card["brand"],
        last4=card["last4"],
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
    )


def taking(subject: dict[str, Any], *, kind: str, livemode: bool) -> Taking | None:
    """What an event says of a refund or a dispute; None if it is about something else."""
    if subject["object"] not in set(TakingKind) or not subject.get("payment_intent"):
        return None
    what = TakingKind(subject["object"])
    currency = subject["currency"].upper()
    return Taking(
        kind=what,
        reference=subject["id"],
        state=_refund_state(subject)
        if what is TakingKind.REFUND
        else _dispute_state(subject, kind),
        charge=subject["payment_intent"],
        amount_minor=from_stripe(subject["amount"], currency),
        currency=currency,
        livemode=livemode,
    )


def _refund_state(refund: dict[str, Any]) -> TakingState:
    return REFUND_STATES.get(refund["status"], TakingState.TAKEN)


def _dispute_state(dispute: dict[str, Any], kind: str) -> TakingState:
    """Only funds that moved count: an inquiry, and a dispute just opened, take nothing."""
    if kind == "charge.dispute.funds_reinstated" or dispute["status"] == "won":
        return TakingState.RETURNED
    moved = any(it["amount"] < 0 for it in dispute.get("balance_transactions") or [])
    if kind == "charge.dispute.funds_withdrawn" or (moved and kind != "charge.dispute.created"):
        return TakingState.TAKEN
    return TakingState.ASKED


def refund_total(subject: dict[str, Any]) -> RefundTotal | None:
    """How much of a charge was refunded by now; None if it is about something else."""
    if subject["object"] != "charge" or not subject.get("payment_intent"):
        return None
    currency = subject["currency"].upper()
    return RefundTotal(
        charge=subject["payment_intent"],
        amount_minor=from_stripe(subject["amount_refunded"], currency),
    )


def failure_code(error: dict[str, Any] | None, status: str) -> str:
    """The most telling of Stripe's words for a failure."""
    if not error:
        return status
    return error.get("decline_code") or error.get("code") or error.get("type") or status
