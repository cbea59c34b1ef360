"""Refunds, whole or in part, never more than was taken."""

from stack.stripe_standin import book, params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.errors import Refusal, unexpected_state
from stack.stripe_standin.events import emit
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.money import say
from stack.stripe_standin.shapes import Json, new_id

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create_refund(call: Call) -> Json:
    charge = _charge(call)
    amount = _amount(call, charge)
    refund = _new_refund(call, charge, amount)
    transaction = book.record(
        call, book.Movement.REFUND, amount=-amount, charge=charge, source=refund["id"]
    )
    refund["balance_transaction"] = transaction["id"]
    call.add(refund)
    before = {name: charge[name] for name in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.save(charge)
    emit(call, "refund.created", refund)
    emit(call, "charge.refunded", charge, before=before)
    return refund


def _charge(call: Call) -> Json:
    charge_id = params.text(call.params, "charge")
    intent_id = params.text(call.params, "payment_intent")
    if charge_id is None and intent_id is None:
        raise Refusal(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
        )
    if charge_id is None:
        intent = call.get("payment_intent", intent_id or "", param="payment_intent")
        if intent["status"] != "succeeded":
            raise unexpected_state(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                intent=intent,
            )
        charge_id = intent["latest_charge"]
    charge = call.get("charge", charge_id or "", param="charge")
    _check_refundable(charge)
    return charge


def _check_refundable(charge: Json) -> None:
    if not charge["paid"]:
        raise Refusal(f"Charge {charge['id']} is not paid and cannot be refunded.", param="charge")
    if charge["refunded"]:
        raise Refusal(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if charge["disputed"]:
        raise Refusal(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )


def _amount(call: Call, charge: Json) -> int:
    left: int = charge["amount"] - charge["amount_refunded"]
    amount = params.integer(call.params, "amount")
    if amount is None:
        return left
    if amount < 1:
        raise Refusal("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        currency = charge["currency"]
        noun = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise Refusal(
            f"Refund amount ({say(amount, currency)}) is greater than {noun} "
            f"({say(left, currency)})",
            param="amount",
        )
    return amount


def _new_refund(call: Call, charge: Json, amount: int) -> Json:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.at,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": params.metadata(call.params, {}),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.choice(call.params, "reason", REASONS),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def retrieve_refund(call: Call) -> Json:
    return call.get("refund", call.id)


def update_refund(call: Call) -> Json:
    refund = call.get("refund", call.id)
    refund["metadata"] = params.metadata(call.params, refund["metadata"])
    emit(call, "refund.updated", refund)
    return call.save(refund)


def list_refunds(call: Call) -> Json:
    return list_objects(call, "refund", equal=("charge", "payment_intent"))


ROUTES = [
    route("POST", "/v1/refunds", create_refund, "amount charge metadata payment_intent reason"),
    route(
        "GET",
        "/v1/refunds",
        list_refunds,
        "charge payment_intent created limit starting_after ending_before",
    ),
    route("GET", "/v1/refunds/{id}", retrieve_refund),
    route("POST", "/v1/refunds/{id}", update_refund, "metadata"),
]
