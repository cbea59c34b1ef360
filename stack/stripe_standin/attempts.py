"""One attempt to take the money of a payment intent: the charge, its events, its place in the book.

Everything an attempt does is in the transaction of its request.
"""

from dataclasses import dataclass

from stack.stripe_standin import book, disputes
from stack.stripe_standin.calls import Call
from stack.stripe_standin.cards import AUTHENTICATION_REQUIRED, EXPIRED, Asks, Card, Decline
from stack.stripe_standin.charges import add_charge
from stack.stripe_standin.errors import Declined
from stack.stripe_standin.events import emit
from stack.stripe_standin.intents import USE_STRIPE_SDK
from stack.stripe_standin.payment_methods import (
    card_of,
    has_expired,
    is_set_up,
    keep_for_customer,
)
from stack.stripe_standin.shapes import Json

NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    "",
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again.",
)


@dataclass(frozen=True)
class Presence:
    """Who is there to be asked by the bank."""

    off_session: bool = False
    refuses_action: bool = False
    authenticated: bool = False


def attempt(call: Call, intent: Json, method: Json, presence: Presence) -> Json:
    """Charge the card, or park the intent until its holder has authenticated.

    :raises Declined: if the bank refuses; the failed charge and its events stay
    """
    card = card_of(call, method)
    intent |= {"payment_method": method["id"], "next_action": None}
    if _bank_asks(call, card, method, presence):
        if presence.off_session or presence.refuses_action:
            raise fail(call, intent, method, AUTHENTICATION_REQUIRED)
        return _park(call, intent)
    decline = EXPIRED if has_expired(method, at=call.at) else card.charge_decline
    if decline is not None:
        raise fail(call, intent, method, decline)
    return _succeed(call, intent, method, card)


def _bank_asks(call: Call, card: Card, method: Json, presence: Presence) -> bool:
    if presence.authenticated:
        return False
    asks = card.asks_off_session if presence.off_session else card.asks_on_session
    return asks is Asks.ALWAYS or (asks is Asks.UNLESS_SET_UP and not is_set_up(call, method))


def _park(call: Call, intent: Json) -> Json:
    intent |= {"status": "requires_action", "next_action": USE_STRIPE_SDK}
    emit(call, "payment_intent.requires_action", intent)
    return call.save(intent)


def _succeed(call: Call, intent: Json, method: Json, card: Card) -> Json:
    charge = add_charge(call, intent, method)
    transaction = book.record(
        call,
        book.Movement.CHARGE,
        amount=charge["amount"],
        charge=charge,
        source=charge["id"],
    )
    charge["balance_transaction"] = transaction["id"]
    call.save(charge)
    _keep_or_spend(call, intent, method)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
    }
    call.save(intent)
    emit(call, "charge.succeeded", charge)
    emit(call, "payment_intent.succeeded", intent)
    disputes.open_as_card_does(call, charge, card)
    return intent


def _keep_or_spend(call: Call, intent: Json, method: Json) -> None:
    if method["customer"] is None and intent["customer"] and intent["setup_future_usage"]:
        call.store.keep_private(method["id"], set_up=True)
        keep_for_customer(call, method, intent["customer"])
    elif method["customer"] is None:
        call.store.keep_private(method["id"], spent=True)


def fail(call: Call, intent: Json, method: Json, decline: Decline) -> Declined:
    """Book the refusal: back to `requires_payment_method`, with the card taken off the intent."""
    charge = add_charge(call, intent, method, decline=decline)
    if method["customer"] is None:
        call.store.keep_private(method["id"], spent=True)
    error = {
        "charge": charge["id"],
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method,
        "payment_method_type": "card",
        "type": "card_error",
    }
    intent |= {"latest_charge": charge["id"], "last_payment_error": error}
    _reset(call, intent)
    emit(call, "charge.failed", charge)
    emit(call, "payment_intent.payment_failed", intent)
    return _declined(intent)


def fail_authentication(call: Call, intent: Json, method: Json) -> Declined:
    """The holder did not pass 3-D Secure: nothing was charged, so no charge is written."""
    decline = NOT_AUTHENTICATED
    intent["last_payment_error"] = {
        "code": decline.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": method,
        "payment_method_type": "card",
        "type": "invalid_request_error",
    }
    _reset(call, intent)
    emit(call, "payment_intent.payment_failed", intent)
    return _declined(intent)


def _reset(call: Call, intent: Json) -> None:
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
    }
    call.save(intent)


def _declined(intent: Json) -> Declined:
    error = intent["last_payment_error"]
    details = {key: value for key, value in error.items() if key not in {"type", "message", "code"}}
    return Declined(
        error["message"], code=error["code"], details={**details, "payment_intent": intent}
    )
