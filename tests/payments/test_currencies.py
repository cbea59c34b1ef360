"""Every currency that a location may choose, as Stripe takes it: its table is the stand-in's."""

from decimal import Decimal

from community.money import to_minor
from community.wording import currency_choices
from payments.gateways.protocol import Limit
from payments.gateways.stripe import STRIPE
from payments.gateways.stripe.amounts import from_stripe, to_stripe
from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.money import CURRENCIES, check_amount, places

OFFERED = [code for code, _name in currency_choices()]
KNOWN = [code for code in OFFERED if code.lower() in CURRENCIES]
AMPLE = 200_000  # above each currency's smallest charge
CODES = {Limit.MOST: "amount_too_large", Limit.STEP: "parameter_invalid_integer"}


def test_stripe_is_asked_for_the_amount_that_is_meant():
    meant = Decimal(12345)
    minor = {currency: to_minor(meant, currency) for currency in KNOWN}
    sent = {currency: to_stripe(minor[currency], currency) for currency in KNOWN}

    assert len(KNOWN) > 130
    assert sent == {it: int(meant.scaleb(places(it.lower()))) for it in KNOWN}
    assert minor == {it: from_stripe(sent[it], it) for it in KNOWN}


def test_what_stripe_would_refuse_is_known_before():
    wrong = []
    for currency in KNOWN:
        most = STRIPE.most_minor.get(currency, STRIPE.most_else_minor)
        fine = most - most % STRIPE.step_minor.get(currency, 1)
        for amount in (fine, fine + 1, fine + 10, AMPLE, AMPLE + 1, AMPLE + 10):
            breach = STRIPE.breach(amount, currency)
            if refused(amount, currency) != (CODES[breach.limit] if breach else None):
                wrong.append((currency, amount))

    assert wrong == []


def refused(amount_minor, currency):
    """The code with which Stripe refuses an amount, if it does."""
    try:
        check_amount(to_stripe(amount_minor, currency), currency.lower())
    except Refusal as refusal:
        return refusal.error["code"]
    return None
