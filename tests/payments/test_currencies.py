"""Every currency that a location may choose, as Stripe takes it: its table is the stand-in's."""

from decimal import Decimal

import pytest

from community.money import to_minor
from community.wording import currency_choices
from payments.gateways.stripe.amounts import from_stripe, to_stripe
from stack.stripe_standin.money import CURRENCIES, places

OFFERED = [code for code, _name in currency_choices()]
KNOWN = [code for code in OFFERED if code.lower() in CURRENCIES]


def test_nearly_all_on_offer_are_known_to_stripe():
    assert len(KNOWN) > 130


@pytest.mark.parametrize("currency", KNOWN)
def test_stripe_is_asked_for_the_amount_that_is_meant(currency):
    sent = to_stripe(to_minor(Decimal(12345), currency), currency)

    assert Decimal(sent).scaleb(-places(currency.lower())) == 12345
    assert from_stripe(sent, currency) == to_minor(Decimal(12345), currency)
