"""What payment intents and setup intents share."""

from hmac import compare_digest

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call
from stack.stripe_standin.errors import Refusal, unexpected_state
from stack.stripe_standin.payment_methods import new_payment_method, usable_payment_method
from stack.stripe_standin.shapes import Json, new_id

USE_STRIPE_SDK: Json = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
NEEDS_RETURN_URL = (
    "This {} is configured to accept payment methods enabled in your Dashboard. Because some of "
    "these payment methods might redirect your customer off of your page, you must provide a "
    "`return_url`. If you don't want to accept redirect-based payment methods, set "
    "`automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
    "Payment Intents."
)
TITLES = {"payment_intent": "PaymentIntent", "setup_intent": "SetupIntent"}


def new_client_secret(id_: str) -> str:
    return new_id(f"{id_}_secret", length=25)


def open_intent(call: Call, kind: str) -> Json:
    """The intent in the path. From a browser it opens only to its client secret."""
    intent = call.get(kind, call.id, param="intent")
    given = params.text(call.params, "client_secret")
    if call.from_browser and given is None:
        raise Refusal(
            "Missing required param: client_secret.",
            code="parameter_missing",
            param="client_secret",
        )
    if given is not None and not compare_digest(given.encode(), intent["client_secret"].encode()):
        raise Refusal(
            f"The client_secret provided does not match the client_secret associated with the "
            f"{TITLES[kind]}.",
            param="client_secret",
        )
    return intent


def accepted_types(call: Call) -> Json:
    """The fields that say which payment methods the intent takes; only cards exist here."""
    types = params.texts(call.params, "payment_method_types")
    automatic = params.group(call.params, "automatic_payment_methods")
    params.refuse_unknown(automatic, {"enabled", "allow_redirects"})
    for type_ in types or ():
        if type_ != "card":
            raise Refusal(
                f"The payment method type provided: {type_} is invalid. This account takes cards.",
                param="payment_method_types",
            )
    if types and params.flag(automatic, "enabled"):
        raise Refusal(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "payment_method_types.",
            param="automatic_payment_methods",
        )
    if types or (automatic and not params.flag(automatic, "enabled")):
        return {"payment_method_types": ["card"], "automatic_payment_methods": None}
    redirects = params.choice(automatic, "allow_redirects", ("always", "never")) or "always"
    return {
        "payment_method_types": ["card"],
        "automatic_payment_methods": {"allow_redirects": redirects, "enabled": True},
    }


def check_return_url(call: Call, intent: Json) -> None:
    """Stripe.js answers for itself; a server that may redirect must say where to come back."""
    automatic = intent["automatic_payment_methods"]
    if call.from_browser or automatic is None or automatic["allow_redirects"] == "never":
        return
    if not params.text(call.params, "return_url"):
        raise Refusal(NEEDS_RETURN_URL.format(TITLES[intent["object"]]))


def choose_payment_method(call: Call, intent: Json) -> Json | None:
    """The card that the request names or shows, else the one that the intent has already."""
    data = params.group(call.params, "payment_method_data")
    named = params.text(call.params, "payment_method") or intent["payment_method"]
    if data:
        return new_payment_method(call, data)
    if named is None:
        return None
    method = usable_payment_method(call, named)
    _check_owner(method, customer=intent["customer"], title=TITLES[intent["object"]])
    return method


def needed_payment_method(call: Call, intent: Json) -> Json:
    method = choose_payment_method(call, intent)
    if method is None:
        title = TITLES[intent["object"]]
        raise unexpected_state(
            f"You cannot confirm this {title} because it's missing a payment method. You can "
            f"either update the {title} with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            intent=intent,
        )
    return method


def _check_owner(method: Json, *, customer: str | None, title: str) -> None:
    owner = method["customer"]
    if owner in {None, customer}:
        return
    if customer is None:
        raise Refusal(
            f"The payment method supplied ({method['id']}) belongs to the Customer {owner}. Please "
            f"include the Customer in the `customer` parameter on the {title}.",
            param="payment_method",
        )
    raise Refusal(
        f"The PaymentMethod {method['id']} does not belong to the Customer you supplied "
        f"{customer}. Please use this PaymentMethod with the Customer that it belongs to instead.",
        param="payment_method",
    )


def check_may_confirm(intent: Json) -> None:
    title = TITLES[intent["object"]]
    if intent["status"] == "succeeded":
        raise unexpected_state(
            f"You cannot confirm this {title} because it has already succeeded after being "
            "previously confirmed.",
            intent=intent,
        )
    if intent["status"] == "canceled":
        raise unexpected_state(
            f"You cannot confirm this {title} because it has a status of canceled. Only a {title} "
            "with one of the following statuses may be confirmed: requires_confirmation, "
            "requires_action.",
            intent=intent,
        )


def check_may_cancel(intent: Json) -> None:
    if intent["status"] in {"succeeded", "canceled"}:
        title = TITLES[intent["object"]]
        raise unexpected_state(
            f"You cannot cancel this {title} because it has a status of {intent['status']}. Only "
            f"a {title} with one of the following statuses may be canceled: "
            "requires_payment_method, requires_confirmation, requires_action.",
            intent=intent,
        )


def check_is_waiting(intent: Json) -> None:
    if intent["status"] != "requires_action":
        raise unexpected_state(
            f"This {TITLES[intent['object']]} has a status of {intent['status']} and is not "
            "waiting for an authentication.",
            intent=intent,
        )


def card_options() -> Json:
    return {
        "card": {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": "automatic",
        }
    }
