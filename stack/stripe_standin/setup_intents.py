"""Setup intents: a card made ready for later, authenticated where its bank wants it."""

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.cards import EXPIRED, Decline
from stack.stripe_standin.errors import Declined
from stack.stripe_standin.events import emit
from stack.stripe_standin.intents import (
    USE_STRIPE_SDK,
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
from stack.stripe_standin.payment_methods import card_of, has_expired, keep_for_customer
from stack.stripe_standin.shapes import Json, new_id

NOT_AUTHENTICATED = Decline(
    "setup_intent_authentication_failure",
    "",
    "The latest attempt to set up the payment method has failed because authentication failed.",
)
REASONS = ("abandoned", "requested_by_customer", "duplicate")


def create_setup_intent(call: Call) -> Json:
    customer = params.text(call.params, "customer")
    if customer:
        call.get("customer", customer, param="customer")
    intent = _new_intent(call, customer)
    method = choose_payment_method(call, intent)
    if method is not None:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    call.add(intent)
    emit(call, "setup_intent.created", intent)
    if params.flag(call.params, "confirm"):
        check_return_url(call, intent)
        return _set_up(call, intent, needed_payment_method(call, intent))
    return intent


def _new_intent(call: Call, customer: str | None) -> Json:
    id_ = new_id("seti")
    usage = params.choice(call.params, "usage", ("off_session", "on_session"))
    options = card_options()
    del options["card"]["installments"]
    return {
        "id": id_,
        "object": "setup_intent",
        "allowed_payment_method_types": None,
        "application": None,
        **accepted_types(call),
        "cancellation_reason": None,
        "client_secret": new_client_secret(id_),
        "created": call.at,
        "customer": customer,
        "customer_account": None,
        "description": params.text(call.params, "description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": None,
        "mandate": None,
        "metadata": params.metadata(call.params, {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": options,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": usage or "off_session",
    }


def confirm_setup_intent(call: Call) -> Json:
    """Confirm; from a browser, a bare confirm of an intent that waits means: authenticated.

    That is how the card form in the browser says that its 3-D Secure window was passed.
    """
    intent = open_intent(call, "setup_intent")
    named = "payment_method" in call.params or "payment_method_data" in call.params
    if call.from_browser and not named and intent["status"] == "requires_action":
        return _authenticated(call, intent)
    check_may_confirm(intent)
    check_return_url(call, intent)
    return _set_up(call, intent, needed_payment_method(call, intent))


def cancel_setup_intent(call: Call) -> Json:
    """Cancel; from a browser it means that the 3-D Secure window was failed."""
    intent = open_intent(call, "setup_intent")
    if call.from_browser:
        check_is_waiting(intent)
        return _failed(call, intent, NOT_AUTHENTICATED)
    check_may_cancel(intent)
    intent["status"] = "canceled"
    intent["next_action"] = None
    intent["cancellation_reason"] = params.choice(call.params, "cancellation_reason", REASONS)
    emit(call, "setup_intent.canceled", intent)
    return call.save(intent)


def authenticate_setup_intent(call: Call) -> Json:
    """Pass or fail the 3-D Secure window of a setup intent. Not at Stripe: for tests."""
    intent = open_intent(call, "setup_intent")
    check_is_waiting(intent)
    if params.flag(call.params, "success", default=True):
        return _authenticated(call, intent)
    raise _declined(_failed(call, intent, NOT_AUTHENTICATED))


def _authenticated(call: Call, intent: Json) -> Json:
    method = call.get("payment_method", intent["payment_method"], param="payment_method")
    return _finish(call, intent, method)


def _set_up(call: Call, intent: Json, method: Json) -> Json:
    intent["payment_method"] = method["id"]
    intent["last_setup_error"] = None
    if card_of(call, method).asks_at_setup:
        intent |= {
            "status": "requires_action",
            "next_action": USE_STRIPE_SDK,
            "latest_attempt": new_id("setatt"),
        }
        emit(call, "setup_intent.requires_action", intent)
        return call.save(intent)
    return _finish(call, intent, method)


def _finish(call: Call, intent: Json, method: Json) -> Json:
    """The bank's last word on the card: kept for the customer, or refused.

    :raises Declined: if the bank refuses it
    """
    decline = card_of(call, method).setup_decline
    if decline is None and has_expired(method, at=call.at):
        decline = EXPIRED
    if decline is not None:
        raise _declined(_failed(call, intent, decline))
    # A card that is set up for nobody was used up by it.
    call.store.keep_private(method["id"], set_up=True, spent=not intent["customer"])
    if intent["customer"]:
        keep_for_customer(call, method, intent["customer"])
    intent |= {"status": "succeeded", "next_action": None, "latest_attempt": new_id("setatt")}
    emit(call, "setup_intent.succeeded", intent)
    return call.save(intent)


def _failed(call: Call, intent: Json, decline: Decline) -> Json:
    method = call.get("payment_method", intent["payment_method"], param="payment_method")
    intent |= {
        "status": "requires_payment_method",
        "next_action": None,
        "payment_method": None,
        "latest_attempt": new_id("setatt"),
        "last_setup_error": {
            "type": "card_error",
            "code": decline.code,
            "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
            "message": decline.message,
            "payment_method": method,
        },
    }
    if decline.decline_code:
        intent["last_setup_error"]["decline_code"] = decline.decline_code
    emit(call, "setup_intent.setup_failed", intent)
    return call.save(intent)


def _declined(intent: Json) -> Declined:
    error = intent["last_setup_error"]
    details = {key: value for key, value in error.items() if key not in {"type", "message", "code"}}
    return Declined(
        error["message"], code=error["code"], details={**details, "setup_intent": intent}
    )


def retrieve_setup_intent(call: Call) -> Json:
    return open_intent(call, "setup_intent")


def update_setup_intent(call: Call) -> Json:
    intent = open_intent(call, "setup_intent")
    check_may_cancel(intent)
    if customer := params.text(call.params, "customer"):
        intent["customer"] = call.get("customer", customer, param="customer")["id"]
    if "description" in call.params:
        intent["description"] = params.text(call.params, "description")
    intent["metadata"] = params.metadata(call.params, intent["metadata"])
    return call.save(intent)


def list_setup_intents(call: Call) -> Json:
    return list_objects(call, "setup_intent", equal=("customer", "payment_method"))


CONFIRM = "payment_method payment_method_data return_url use_stripe_sdk mandate_data client_secret"
ROUTES = [
    route(
        "POST",
        "/v1/setup_intents",
        create_setup_intent,
        "automatic_payment_methods confirm customer description mandate_data metadata"
        " payment_method payment_method_data payment_method_types return_url usage use_stripe_sdk",
    ),
    route(
        "GET",
        "/v1/setup_intents",
        list_setup_intents,
        "customer payment_method created limit starting_after ending_before",
    ),
    route("GET", "/v1/setup_intents/{id}", retrieve_setup_intent, "client_secret", browser=True),
    route("POST", "/v1/setup_intents/{id}", update_setup_intent, "customer description metadata"),
    route("POST", "/v1/setup_intents/{id}/confirm", confirm_setup_intent, CONFIRM, browser=True),
    route(
        "POST",
        "/v1/setup_intents/{id}/cancel",
        cancel_setup_intent,
        "cancellation_reason client_secret",
        browser=True,
    ),
    route(
        "POST",
        "/v1/setup_intents/{id}/_authenticate",
        authenticate_setup_intent,
        "success client_secret",
        browser=True,
    ),
]
