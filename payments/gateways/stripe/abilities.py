"""What Stripe can do for Deskmint, and what it takes.

Smallest charges and currencies: docs.stripe.com/currencies. Its API description has neither; a
charge that it refuses all the same is refused for good, with `amount_too_small`.
"""

from payments.gateways.protocol import Abilities

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
)
