"""Amounts as people read them."""

from decimal import Decimal

from babel.numbers import get_currency_symbol
from django.utils.translation import override

from community.money import exponent, format_money, format_unit_price, to_minor
from community.wording import currency_choices

MINOR = 1_234_567


def read(text, currency):
    """The amount of what is written in English."""
    number = text.replace(get_currency_symbol(currency, "en"), "").strip().replace(",", "")
    return Decimal(number)


def test_what_is_shown_of_any_currency_is_the_amount():
    for currency, _name in currency_choices():
        for minor in (MINOR, 5, MINOR * 10 ** exponent(currency)):
            shown = read(format_money(minor, currency), currency)

            assert to_minor(shown, currency) == minor, currency
            assert shown.as_tuple().exponent == -exponent(currency), currency


def test_an_amount_keeps_its_decimals_in_the_words_of_the_reader():
    shown = {"en": "RSD12,345.67", "de": "12.345,67\xa0RSD"}
    for language, words in shown.items():
        with override(language):
            assert format_money(MINOR, "RSD") == words


def test_a_price_per_credit_has_the_currency_s_decimals():
    assert format_unit_price(100, Decimal(3), "RSD") == "RSD0.33"
    assert format_unit_price(100, Decimal(3), "MGA") == "MGA33"
