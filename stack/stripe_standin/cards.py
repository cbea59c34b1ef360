"""Stripe's test cards: what each number does when it is set up and when it is charged."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Decline:
    code: str
    decline_code: str
    message: str


DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", DECLINED)
INSUFFICIENT_FUNDS = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds."
)
LOST = Decline("card_declined", "lost_card", DECLINED)
STOLEN = Decline("card_declined", "stolen_card", DECLINED)
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
INCORRECT_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING_ERROR = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)


class Asks(Enum):
    """When the bank wants 3-D Secure."""

    NEVER = "never"
    UNLESS_SET_UP = "unless set up"
    ALWAYS = "always"


class Disputes(Enum):
    """What the cardholder does once they see the charge."""

    NOTHING = ""
    CHARGEBACK = "fraudulent"
    INQUIRY = "inquiry"


@dataclass(frozen=True)
class Card:
    """`token` makes `pm_card_<token>` and `tok_<token>` stand for the number."""

    number: str
    token: str
    brand: str = "visa"
    funding: str = "credit"
    cvc_length: int = 3
    setup_decline: Decline | None = None
    charge_decline: Decline | None = None
    asks_at_setup: bool = False
    asks_on_session: Asks = Asks.NEVER
    asks_off_session: Asks = Asks.NEVER
    disputes: Disputes = Disputes.NOTHING


def _refused(number: str, token: str, decline: Decline) -> Card:
    """A card that is declined wherever it is shown, at set-up too."""
    return Card(number, token, setup_decline=decline, charge_decline=decline)


CARDS = [
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", brand="mastercard"),
    Card("378282246310005", "amex", brand="amex", cvc_length=4),
    _refused("4000000000000002", "chargeDeclined", GENERIC),
    _refused("4000000000009995", "chargeDeclinedInsufficientFunds", INSUFFICIENT_FUNDS),
    _refused("4000000000009987", "chargeDeclinedLostCard", LOST),
    _refused("4000000000009979", "chargeDeclinedStolenCard", STOLEN),
    _refused("4000000000000069", "chargeDeclinedExpiredCard", EXPIRED),
    _refused("4000000000000127", "chargeDeclinedIncorrectCvc", INCORRECT_CVC),
    _refused("4000000000000119", "chargeDeclinedProcessingError", PROCESSING_ERROR),
    Card("4000000000000341", "chargeCustomerFail", charge_decline=GENERIC),
    Card(
        "4000002500003155",
        "authenticationRequiredOnSetup",
        asks_at_setup=True,
        # Stripe's page says that every on-session payment asks again. Here one authentication, at
        # set-up, is enough, so that both ways through a checkout have a card (see 3184).
        asks_on_session=Asks.UNLESS_SET_UP,
        asks_off_session=Asks.UNLESS_SET_UP,
    ),
    Card(
        "4000002760003184",
        "authenticationRequired",
        asks_at_setup=True,
        asks_on_session=Asks.ALWAYS,
        asks_off_session=Asks.ALWAYS,
    ),
    Card(
        "4000003800000446", "authenticationRequiredSetupForOffSession", asks_on_session=Asks.ALWAYS
    ),
    Card(
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        asks_at_setup=True,
        asks_on_session=Asks.UNLESS_SET_UP,
        asks_off_session=Asks.UNLESS_SET_UP,
        charge_decline=INSUFFICIENT_FUNDS,
    ),
    Card(
        "4000000000003220",
        "threeDSecure2Required",
        asks_at_setup=True,
        asks_on_session=Asks.ALWAYS,
        asks_off_session=Asks.ALWAYS,
    ),
    Card(
        "4000008400001629",
        "threeDSecureRequiredChargeDeclined",
        asks_at_setup=True,
        asks_on_session=Asks.ALWAYS,
        asks_off_session=Asks.ALWAYS,
        setup_decline=GENERIC,
        charge_decline=GENERIC,
    ),
    Card("4000000000000259", "createDispute", disputes=Disputes.CHARGEBACK),
    Card("4000000000001976", "createDisputeInquiry", disputes=Disputes.INQUIRY),
]
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}


def card_of_token(id_: str) -> Card | None:
    """The card that Stripe's ready-made `pm_card_…` and `tok_…` stand for."""
    for prefix in ("pm_card_", "tok_"):
        if id_.startswith(prefix):
            return BY_TOKEN.get(id_.removeprefix(prefix))
    return None


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
