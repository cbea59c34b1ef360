"""What Stripe can do for Deskmint, and what it takes.

Currencies, smallest and largest charges: docs.stripe.com/currencies. Its API description has only
the eight digits; a charge that it refuses all the same is refused for good.
"""

from payments.gateways.protocol import Abilities
from payments.gateways.stripe.amounts import SCALED, from_stripe

EIGHT_DIGITS = 99_999_999

STRIPE = Abilities(
    saves_cards=True,
    charges_cards=True,
    tells_of_refunds=True,
    lacks=frozenset({"CUP", "ERN", "IQD", "IRR", "KPW", "LYD", "SDG", "SSP", "SYP", "VES"}),
    least_minor={
        "AED": 200,
        "AUD": 50,
        "BRL": 50,
        "CAD": 50,
        "CHF": 50,
        "CZK": 1500,
        "DKK": 250,
        "EUR": 50,
        "GBP": 30,
        "HKD": 400,
        "HUF": 17500,
        "INR": 50,
        "JPY": 50,
        "MXN": 1000,
        "MYR": 200,
        "NOK": 300,
        "NZD": 50,
        "PLN": 200,
        "RON": 200,
        "SEK": 300,
        "SGD": 50,
        "THB": 1000,
        "USD": 50,
    },
    most_minor={
        "COP": 9_999_999_999,
        "IDR": 999_999_999_999,
        "INR": 999_999_999,
        **{currency: from_stripe(EIGHT_DIGITS, currency) for currency in SCALED},
    },
    most_else_minor=EIGHT_DIGITS,
    # Of three decimals the last has to be 0.
    step_minor=dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 10),
)
