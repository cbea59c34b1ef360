"""Disputes: opened by the cardholder, moving money, won or lost.

An inquiry (`warning_…`) is a question before a dispute and moves no money.
"""

from stack.stripe_standin import book, params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.cards import Card, Disputes
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.events import emit
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.shapes import Json, new_id, words

DAY_SECONDS = 86_400
DAYS_TO_ANSWER = 8
OPEN = frozenset({"needs_response", "under_review"})
OPEN_INQUIRY = frozenset({"warning_needs_response", "warning_under_review"})
EVIDENCE = words(
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure"
    " cancellation_rebuttal customer_communication customer_email_address customer_name"
    " customer_purchase_ip customer_signature duplicate_charge_documentation"
    " duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy"
    " refund_policy_disclosure refund_refusal_explanation service_date service_documentation"
    " shipping_address shipping_carrier shipping_date shipping_documentation"
    " shipping_tracking_number uncategorized_file uncategorized_text"
)


def open_as_card_does(call: Call, charge: Json, card: Card) -> None:
    if card.disputes is not Disputes.NOTHING:
        open_dispute(call, charge, inquiry=card.disputes is Disputes.INQUIRY)


def open_dispute(call: Call, charge: Json, *, inquiry: bool = False) -> Json:
    """Dispute what is left of the charge. Unless it is only an inquiry, the money goes at once.

    :raises Refusal: if the charge was not paid, is refunded, or is disputed already
    """
    left = charge["amount"] - charge["amount_refunded"]
    if not charge["paid"] or charge["disputed"] or not left:
        raise Refusal(f"Charge {charge['id']} cannot be disputed.", param="charge")
    dispute = call.add(_new_dispute(call, charge, left, inquiry=inquiry))
    charge["disputed"] = True
    call.save(charge)
    if inquiry:
        emit(call, "charge.dispute.created", dispute)
        return dispute
    _move(call, dispute, charge, book.Movement.DISPUTE_WITHDRAWN)
    emit(call, "charge.dispute.created", dispute)
    emit(call, "charge.dispute.funds_withdrawn", dispute)
    emit(call, "charge.updated", charge, before={"disputed": False})
    return dispute


def _move(call: Call, dispute: Json, charge: Json, movement: book.Movement) -> None:
    amount = dispute["amount"]
    leaves = movement is book.Movement.DISPUTE_WITHDRAWN
    transaction = book.record(
        call,
        movement,
        amount=-amount if leaves else amount,
        charge=charge,
        source=dispute["id"],
    )
    dispute["balance_transactions"].append(transaction)
    call.save(dispute)


def _new_dispute(call: Call, charge: Json, amount: int, *, inquiry: bool) -> Json:
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.at,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(sorted(EVIDENCE)), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.at + DAYS_TO_ANSWER * DAY_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": brand,
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def win_dispute(call: Call, dispute: Json) -> Json:
    """Close it in the merchant's favour: the money comes back."""
    _check_open(dispute)
    if dispute["status"] in OPEN_INQUIRY:
        return _close(call, dispute, "warning_closed")
    charge = call.get("charge", dispute["charge"])
    _move(call, dispute, charge, book.Movement.DISPUTE_REINSTATED)
    _close(call, dispute, "won")
    emit(call, "charge.dispute.funds_reinstated", dispute)
    return dispute


def lose_dispute(call: Call, dispute: Json) -> Json:
    _check_open(dispute)
    lost = "warning_closed" if dispute["status"] in OPEN_INQUIRY else "lost"
    return _close(call, dispute, lost)


def _check_open(dispute: Json) -> None:
    if dispute["status"] not in OPEN | OPEN_INQUIRY:
        raise Refusal("This dispute is already closed", code="dispute_closed")


def _close(call: Call, dispute: Json, status: str) -> Json:
    dispute["status"] = status
    call.save(dispute)
    if status == "warning_closed":
        # The question was answered: the charge may be refunded, or disputed in earnest.
        call.save({**call.get("charge", dispute["charge"]), "disputed": False})
    emit(call, "charge.dispute.closed", dispute)
    return dispute


def update_dispute(call: Call) -> Json:
    """Take evidence. Stripe's magic words in `uncategorized_text` decide the dispute at once."""
    dispute = call.get("dispute", call.id)
    evidence = params.group(call.params, "evidence")
    params.refuse_unknown(evidence, EVIDENCE)
    dispute["metadata"] = params.metadata(call.params, dispute["metadata"])
    if not evidence:
        return call.save(dispute)
    _check_open(dispute)
    dispute["evidence"] |= evidence
    dispute["evidence_details"]["has_evidence"] = True
    if params.flag(call.params, "submit", default=True):
        dispute["evidence_details"]["submission_count"] += 1
        inquiry = dispute["status"] in OPEN_INQUIRY
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
    call.save(dispute)
    emit(call, "charge.dispute.updated", dispute)
    if evidence.get("uncategorized_text") == "winning_evidence":
        return win_dispute(call, dispute)
    if evidence.get("uncategorized_text") == "losing_evidence":
        return lose_dispute(call, dispute)
    return dispute


def close_dispute(call: Call) -> Json:
    """Give in."""
    return lose_dispute(call, call.get("dispute", call.id))


def retrieve_dispute(call: Call) -> Json:
    return call.get("dispute", call.id)


def list_disputes(call: Call) -> Json:
    return list_objects(call, "dispute", equal=("charge", "payment_intent"))


ROUTES = [
    route(
        "GET",
        "/v1/disputes",
        list_disputes,
        "charge payment_intent created limit starting_after ending_before",
    ),
    route("GET", "/v1/disputes/{id}", retrieve_dispute),
    route("POST", "/v1/disputes/{id}", update_dispute, "evidence metadata submit"),
    route("POST", "/v1/disputes/{id}/close", close_dispute),
]
