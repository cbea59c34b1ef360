"""Charges: what an attempt left behind, successful or not."""

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.cards import Decline
from stack.stripe_standin.events import emit
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.shapes import Json, new_id


def add_charge(call: Call, intent: Json, method: Json, *, decline: Decline | None = None) -> Json:
    """Write the charge of an attempt, failed if there is a `decline`."""
    id_ = new_id("ch")
    paid = decline is None
    amount = intent["amount"]
    receipt_url = f"https://pay.stripe.com/receipts/payment/{id_}"
    return call.add(
        {
            "id": id_,
            "object": "charge",
            "amount": amount,
            "amount_captured": amount if paid else 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": _descriptor(call),
            "captured": paid,
            "created": call.at,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": decline.code if decline else None,
            "failure_message": decline.message if decline else None,
            "fraud_details": {},
            "livemode": False,
            "metadata": intent["metadata"],
            "on_behalf_of": None,
            "outcome": _outcome(decline),
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"card": _card_details(method, amount), "type": "card"},
            "radar_options": None,
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": receipt_url if paid else None,
            "refunded": False,
            "review": None,
            "shipping": intent["shipping"],
            "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if paid else "failed",
            "transfer_data": None,
            "transfer_group": intent["transfer_group"],
        }
    )


def _descriptor(call: Call) -> str:
    return str(call.account.body["settings"]["payments"]["statement_descriptor"])


def _outcome(decline: Decline | None) -> Json:
    reached: Json = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "risk_level": "normal",
    }
    if decline is None:
        return {
            **reached,
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        **reached,
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _card_details(method: Json, amount: int) -> Json:
    card = method["card"]
    shown = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    return {
        **{name: card[name] for name in shown},
        "amount_authorized": amount,
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": card["wallet"],
    }


def retrieve_charge(call: Call) -> Json:
    return call.get("charge", call.id)


def update_charge(call: Call) -> Json:
    charge = call.get("charge", call.id)
    if "description" in call.params:
        charge["description"] = params.text(call.params, "description")
    charge["metadata"] = params.metadata(call.params, charge["metadata"])
    emit(call, "charge.updated", charge)
    return call.save(charge)


def list_charges(call: Call) -> Json:
    return list_objects(call, "charge", equal=("customer", "payment_intent"))


ROUTES = [
    route(
        "GET",
        "/v1/charges",
        list_charges,
        "customer payment_intent created limit starting_after ending_before",
    ),
    route("GET", "/v1/charges/{id}", retrieve_charge),
    route("POST", "/v1/charges/{id}", update_charge, "description metadata"),
]
