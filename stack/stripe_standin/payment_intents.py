"""Payment intents: one purchase's way to a charge."""

from stack.stripe_standin import params
from stack.stripe_standin.attempts import Presence, attempt, fail_authentication
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.errors import Refusal, unexpected_state
from stack.stripe_standin.events import emit
from stack.stripe_standin.intents import (
    accepted_types,
    card_options,
    check_is_waiting,
    check_may_cancel,
    check_may_confirm,
    check_return_url,
    choose_payment_method,
    needed_payment_method,
    new_client_secret,
    open_intent,
)
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.money import check_amount, check_currency
from stack.stripe_standin.shapes import Json, new_id

REASONS = ("abandoned", "requested_by_customer", "duplicate", "fraudulent")
USAGES = ("off_session", "on_session")
TEXTS = (
    "description",
    "receipt_email",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def create_payment_intent(call: Call) -> Json:
    intent = _new_intent(call)
    method = choose_payment_method(call, intent)
    if method is not None:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    call.add(intent)
    emit(call, "payment_intent.created", intent)
    if params.flag(call.params, "confirm"):
        return _confirm(call, intent, method or needed_payment_method(call, intent))
    if "off_session" in call.params:
        raise Refusal(
            "The parameter `off_session` cannot be passed when creating a PaymentIntent unless "
            "`confirm` is set to true.",
            param="off_session",
        )
    return intent


def _new_intent(call: Call) -> Json:
    id_ = new_id("pi")
    params.needed(call.params, "amount")
    currency = check_currency(params.needed(call.params, "currency"))
    amount = check_amount(params.integer(call.params, "amount") or 0, currency)
    params.choice(call.params, "confirmation_method", ("automatic",))
    method = params.choice(call.params, "capture_method", ("automatic", "automatic_async"))
    customer = params.text(call.params, "customer")
    if customer:
        call.get("customer", customer, param="customer")
    return {
        "id": id_,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        **accepted_types(call),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": method or "automatic_async",
        "client_secret": new_client_secret(id_),
        "confirmation_method": "automatic",
        "created": call.at,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": params.metadata(call.params, {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": card_options(),
        "processing": None,
        "review": None,
        "setup_future_usage": params.choice(call.params, "setup_future_usage", USAGES),
        "shipping": params.group(call.params, "shipping") or None,
        "status": "requires_payment_method",
        "transfer_data": None,
        **{name: params.text(call.params, name) for name in TEXTS},
    }


def confirm_payment_intent(call: Call) -> Json:
    intent = open_intent(call, "payment_intent")
    check_may_confirm(intent)
    if "receipt_email" in call.params:
        intent["receipt_email"] = params.text(call.params, "receipt_email")
    usage = params.choice(call.params, "setup_future_usage", USAGES)
    intent["setup_future_usage"] = usage or intent["setup_future_usage"]
    return _confirm(call, intent, needed_payment_method(call, intent))


def _confirm(call: Call, intent: Json, method: Json) -> Json:
    presence = Presence(
        off_session=_is_off_session(call),
        refuses_action=params.flag(call.params, "error_on_requires_action"),
    )
    if not presence.off_session:
        check_return_url(call, intent)
    return attempt(call, intent, method, presence)


def _is_off_session(call: Call) -> bool:
    # Stripe takes `one_off` and `recurring` for true as well.
    value = params.choice(call.params, "off_session", ("true", "false", "one_off", "recurring"))
    return value not in {None, "false"}


def authenticate_payment_intent(call: Call) -> Json:
    """Pass or fail the 3-D Secure window of a payment intent. Not at Stripe: the card form's.

    A payment that was refused off-session for want of an authentication is taken up again here,
    because the form in the browser cannot confirm with a card that it is given by id.
    """
    intent = open_intent(call, "payment_intent")
    method = _waiting_method(call, intent)
    if not params.flag(call.params, "success", default=True):
        raise fail_authentication(call, intent, method)
    return attempt(call, intent, method, Presence(authenticated=True))


def _waiting_method(call: Call, intent: Json) -> Json:
    error = intent["last_payment_error"]
    if error and error["code"] == "authentication_required" and intent["payment_method"] is None:
        intent["payment_method"] = error["payment_method"]["id"]
        return needed_payment_method(call, intent)
    check_is_waiting(intent)
    return call.get("payment_method", intent["payment_method"], param="payment_method")


def cancel_payment_intent(call: Call) -> Json:
    intent = open_intent(call, "payment_intent")
    check_may_cancel(intent)
    intent |= {
        "status": "canceled",
        "canceled_at": call.at,
        "cancellation_reason": params.choice(call.params, "cancellation_reason", REASONS),
        "next_action": None,
    }
    emit(call, "payment_intent.canceled", intent)
    return call.save(intent)


def update_payment_intent(call: Call) -> Json:
    intent = open_intent(call, "payment_intent")
    _check_may_change(call, intent)
    if "currency" in call.params:
        intent["currency"] = check_currency(params.needed(call.params, "currency"))
    if "amount" in call.params:
        intent["amount"] = check_amount(
            params.integer(call.params, "amount") or 0, intent["currency"]
        )
    if customer := params.text(call.params, "customer"):
        intent["customer"] = call.get("customer", customer, param="customer")["id"]
    if "payment_method" in call.params or "payment_method_data" in call.params:
        method = needed_payment_method(call, intent)
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        intent["next_action"] = None
    for name in TEXTS:
        if name in call.params:
            intent[name] = params.text(call.params, name)
    intent["metadata"] = params.metadata(call.params, intent["metadata"])
    return call.save(intent)


def _check_may_change(call: Call, intent: Json) -> None:
    if intent["status"] in {"succeeded", "canceled"} and not call.params.keys() <= {
        "metadata",
        "description",
    }:
        raise unexpected_state(
            f"This PaymentIntent's parameters could not be updated because it has a status of "
            f"{intent['status']}.",
            intent=intent,
        )


def retrieve_payment_intent(call: Call) -> Json:
    return open_intent(call, "payment_intent")


def list_payment_intents(call: Call) -> Json:
    return list_objects(call, "payment_intent", equal=("customer",))


WHOLE = (
    "amount currency customer description metadata payment_method payment_method_data"
    " receipt_email statement_descriptor statement_descriptor_suffix transfer_group"
)
CONFIRM = "error_on_requires_action off_session return_url setup_future_usage use_stripe_sdk"
ROUTES = [
    route(
        "POST",
        "/v1/payment_intents",
        create_payment_intent,
        f"{WHOLE} {CONFIRM} automatic_payment_methods capture_method confirm confirmation_method"
        " mandate_data payment_method_types shipping",
    ),
    route(
        "GET",
        "/v1/payment_intents",
        list_payment_intents,
        "customer created limit starting_after ending_before",
    ),
    route(
        "GET", "/v1/payment_intents/{id}", retrieve_payment_intent, "client_secret", browser=True
    ),
    route("POST", "/v1/payment_intents/{id}", update_payment_intent, WHOLE),
    route(
        "POST",
        "/v1/payment_intents/{id}/confirm",
        confirm_payment_intent,
        f"{CONFIRM} client_secret mandate_data payment_method payment_method_data receipt_email",
        browser=True,
    ),
    route("POST", "/v1/payment_intents/{id}/cancel", cancel_payment_intent, "cancellation_reason"),
    route(
        "POST",
        "/v1/payment_intents/{id}/_authenticate",
        authenticate_payment_intent,
        "success client_secret",
        browser=True,
    ),
]
