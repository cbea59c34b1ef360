"""Payment methods: cards that are shown, kept for a customer, and let go."""

import hashlib
import time
from http import HTTPStatus

from stack.stripe_standin import params
from stack.stripe_standin.calls import Call, route
from stack.stripe_standin.cards import BY_NUMBER, Card, card_of_token, passes_luhn
from stack.stripe_standin.errors import Refusal, no_such
from stack.stripe_standin.events import emit
from stack.stripe_standin.listing import list_objects
from stack.stripe_standin.shapes import Json, new_id

MONTHS = 12
EXPIRY_YEARS_MAX = 50
CENTURY = 2000
SPENT = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached "
    "from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must "
    "attach it to a Customer first."
)


def new_payment_method(call: Call, details: Json) -> Json:
    """Make a payment method from `{type, card, billing_details, metadata}`, whoever sends it.

    :raises Refusal: if the card's number, expiry or security code cannot be right
    """
    params.refuse_unknown(
        details, {"type", "card", "billing_details", "metadata", "allow_redisplay"}
    )
    params.choice(details, "type", {"card"})
    shown = params.group(details, "card")
    params.refuse_unknown(shown, {"number", "exp_month", "exp_year", "cvc", "token"})
    if token := params.text(shown, "token"):
        card = card_of_token(token)
        if card is None:
            raise no_such("token", token, param="card[token]")
        return _added(call, card, expiry=_expiry_of_tokens(call), details=details)
    card = _card(params.needed(shown, "number").replace(" ", ""))
    expiry = _expiry(shown, at=call.at)
    _check_cvc(shown, card)
    return _added(call, card, expiry=expiry, details=details)


def usable_payment_method(call: Call, id_: str) -> Json:
    """The payment method of that id, or a fresh one for a ready-made id such as `pm_card_visa`."""
    if card := card_of_token(id_):
        return _added(call, card, expiry=_expiry_of_tokens(call), details={})
    method = call.get("payment_method", id_, param="payment_method")
    if call.store.private(id_).get("spent"):
        raise Refusal(SPENT)
    return method


def card_of(call: Call, method: Json) -> Card:
    return BY_NUMBER[call.store.private(method["id"])["number"]]


def is_set_up(call: Call, method: Json) -> bool:
    return bool(call.store.private(method["id"]).get("set_up"))


def has_expired(method: Json, *, at: int) -> bool:
    now = time.gmtime(at)
    card = method["card"]
    return (card["exp_year"], card["exp_month"]) < (now.tm_year, now.tm_mon)


def keep_for_customer(call: Call, method: Json, customer: str) -> Json:
    if method["customer"] != customer:
        method["customer"] = customer
        call.save(method)
        emit(call, "payment_method.attached", method)
    return method


def _card(number: str) -> Card:
    if not number.isdecimal() or not passes_luhn(number):
        raise _card_error("Your card number is incorrect.", "incorrect_number", "number")
    card = BY_NUMBER.get(number)
    if card is None:
        raise Refusal(
            "Your card was declined. Your request was in test mode, but used a non test (live) "
            "card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
            status=HTTPStatus.PAYMENT_REQUIRED,
            kind="card_error",
            code="card_declined",
            details={"decline_code": "test_mode_live_card"},
        )
    return card


def _expiry(shown: Json, *, at: int) -> tuple[int, int]:
    month = params.integer(shown, "exp_month") or 0
    year = params.integer(shown, "exp_year") or 0
    if 0 < year < 100:  # noqa: PLR2004
        year += CENTURY
    now = time.gmtime(at)
    if not now.tm_year <= year <= now.tm_year + EXPIRY_YEARS_MAX:
        raise _card_error(
            "Your card's expiration year is invalid.", "invalid_expiry_year", "exp_year"
        )
    if not 1 <= month <= MONTHS or (year, month) < (now.tm_year, now.tm_mon):
        raise _card_error(
            "Your card's expiration month is invalid.", "invalid_expiry_month", "exp_month"
        )
    return month, year


def _expiry_of_tokens(call: Call) -> tuple[int, int]:
    return MONTHS, time.gmtime(call.at).tm_year + 4


def _check_cvc(shown: Json, card: Card) -> None:
    cvc = params.text(shown, "cvc")
    if cvc is not None and not (cvc.isdecimal() and len(cvc) == card.cvc_length):
        raise _card_error("Your card's security code is invalid.", "invalid_cvc", "cvc")


def _card_error(message: str, code: str, param: str) -> Refusal:
    return Refusal(
        message, status=HTTPStatus.PAYMENT_REQUIRED, kind="card_error", code=code, param=param
    )


def _added(call: Call, card: Card, *, expiry: tuple[int, int], details: Json) -> Json:
    body: Json = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": params.text(details, "allow_redisplay") or "unspecified",
        "billing_details": billing_details(params.group(details, "billing_details")),
        "card": _card_body(card, expiry),
        "created": call.at,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": params.metadata(details, {}),
        "radar_options": None,
        "type": "card",
    }
    return call.add(body, number=card.number)


def billing_details(given: Json) -> Json:
    address = params.group(given, "address")
    fields = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": {name: params.text(address, name) for name in fields},
        **{name: params.text(given, name) for name in ("email", "name", "phone", "tax_id")},
    }


def _card_body(card: Card, expiry: tuple[int, int]) -> Json:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": expiry[0],
        "exp_year": expiry[1],
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def create_payment_method(call: Call) -> Json:
    params.needed(call.params, "type")
    return new_payment_method(call, call.params)


def retrieve_payment_method(call: Call) -> Json:
    return call.get("payment_method", call.id)


def update_payment_method(call: Call) -> Json:
    method = call.get("payment_method", call.id)
    if "billing_details" in call.params:
        method["billing_details"] = billing_details(params.group(call.params, "billing_details"))
    method["metadata"] = params.metadata(call.params, method["metadata"])
    emit(call, "payment_method.updated", method)
    return call.save(method)


def attach_payment_method(call: Call) -> Json:
    customer = call.get("customer", params.needed(call.params, "customer"), param="customer")
    method = usable_payment_method(call, call.id)
    if method["customer"] not in {None, customer["id"]}:
        raise Refusal(
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
        )
    decline = card_of(call, method).setup_decline
    if decline is not None:
        raise Refusal(
            decline.message,
            status=HTTPStatus.PAYMENT_REQUIRED,
            kind="card_error",
            code=decline.code,
            details={"decline_code": decline.decline_code},
        )
    return keep_for_customer(call, method, customer["id"])


def detach_payment_method(call: Call) -> Json:
    method = call.get("payment_method", call.id)
    customer = method["customer"]
    if customer is None:
        raise Refusal(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            param="payment_method",
        )
    method["customer"] = None
    call.save(method)
    call.store.keep_private(method["id"], spent=True)
    emit(call, "payment_method.detached", method, before={"customer": customer})
    return method


def list_payment_methods(call: Call) -> Json:
    """Cards of one customer; without one Stripe lists none that were ever attached."""
    params.choice(call.params, "type", {"card"})
    if customer := params.text(call.params, "customer"):
        call.get("customer", customer, param="customer")
    return list_objects(call, "payment_method", equal=("customer", "type"))


def list_customers_payment_methods(call: Call) -> Json:
    call.get("customer", call.id)
    call.params["customer"] = call.id
    return list_payment_methods(call)


PAGE = "type limit starting_after ending_before"
ROUTES = [
    route(
        "POST",
        "/v1/payment_methods",
        create_payment_method,
        "type card billing_details metadata allow_redisplay",
    ),
    route("GET", "/v1/payment_methods", list_payment_methods, f"customer {PAGE}"),
    route("GET", "/v1/customers/{id}/payment_methods", list_customers_payment_methods, PAGE),
    route("GET", "/v1/payment_methods/{id}", retrieve_payment_method),
    route("POST", "/v1/payment_methods/{id}", update_payment_method, "billing_details metadata"),
    route("POST", "/v1/payment_methods/{id}/attach", attach_payment_method, "customer"),
    route("POST", "/v1/payment_methods/{id}/detach", detach_payment_method),
]
