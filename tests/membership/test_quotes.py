from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.models import Location
from community.money import Tax, TaxedAmount, apply_tax, round_half_up, to_major, to_minor
from credits.models import CreditOption
from membership.services.quotes import OptionNotOnSale, PlanTerms, quote_option
from tests.factories import NOON

EUR = Location(currency="EUR", tax_name="VAT", tax_percent=Decimal(20))
JPY = Location(currency="JPY", tax_name="消費税", tax_percent=Decimal(10), tax_included=True)
KWD = Location(currency="KWD")


def option(price_minor, **facts):
    return CreditOption(pk=1, credits=Decimal(10), price_minor=price_minor, **facts)


@pytest.mark.parametrize(
    ("location", "price_minor", "net", "tax", "total"),
    [
        (EUR, 1000, 1000, 200, 1200),
        (EUR, 1, 1, 0, 1),
        (EUR, 2, 2, 0, 2),  # 0.4 down
        (EUR, 3, 3, 1, 4),  # 0.6 up
        (JPY, 1100, 1000, 100, 1100),
        (JPY, 1000, 909, 91, 1000),  # 90.909…
        (JPY, 1, 1, 0, 1),
        (KWD, 1234, 1234, 0, 1234),
    ],
)
def test_a_quote_is_price_and_tax_in_minor_units(location, price_minor, net, tax, total):
    quote = quote_option(option(price_minor), location)

    assert quote.amount == TaxedAmount(net_minor=net, tax_minor=tax)
    assert (quote.total_minor, quote.currency) == (total, location.currency)


@pytest.mark.parametrize(("percent", "tax"), [("12.50", 13), ("2.50", 3), ("37.50", 38)])
def test_half_a_minor_unit_of_tax_is_rounded_up(percent, tax):
    # 12.5, 2.5 and 37.5: banker's rounding would give 12, 2 and 38.
    amount = apply_tax(100, Tax(name="VAT", percent=Decimal(percent), included=False))

    assert amount.tax_minor == tax


def test_an_archived_option_has_no_price():
    with pytest.raises(OptionNotOnSale):
        quote_option(option(1000, archived_at=NOON), EUR)


@pytest.mark.parametrize(
    "change",
    [
        {"credits": Decimal(11)},
        {"expiry_months": 3},
        {"list_price_minor": 999},
        {"currency": "USD"},
        {"tax": Tax("GST", Decimal(20), included=False)},
        {"amount": TaxedAmount(1000, 199)},
    ],
)
def test_a_quote_that_differs_in_anything_is_another(change):
    quote = quote_option(option(1000), EUR)

    assert replace(quote, **change) != quote


def test_credits_of_another_scale_are_the_same_quote():
    assert quote_option(option(1000), EUR) == replace(
        quote_option(option(1000), EUR), credits=Decimal("10.00")
    )


prices = st.integers(min_value=1, max_value=10**11)
taxes = st.builds(
    Tax,
    name=st.just("VAT"),
    percent=st.decimals(min_value=0, max_value=Decimal("99.99"), places=2),
    included=st.booleans(),
)


@given(prices, taxes)
def test_net_and_tax_are_the_total_and_never_negative(price_minor, tax):
    amount = apply_tax(price_minor, tax)

    assert amount.net_minor + amount.tax_minor == amount.total_minor
    assert amount.tax_minor >= 0
    assert amount.net_minor >= 0
    if tax.included:
        assert amount.total_minor == price_minor
    else:
        assert amount.net_minor == price_minor


@given(prices, taxes)
def test_tax_is_within_half_a_minor_unit_of_the_exact_one(price_minor, tax):
    part = tax.percent / (100 + tax.percent) if tax.included else tax.percent / 100

    assert abs(apply_tax(price_minor, tax).tax_minor - price_minor * part) <= Decimal("0.5")


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_exact_halves_are_rounded_away_from_zero(whole):
    half = Decimal(whole) + Decimal("0.5")

    assert round_half_up(half) == (whole + 1 if half > 0 else whole)


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["JPY", "EUR", "KWD"]))
def test_minor_and_major_units_lead_back_to_each_other(minor, currency):
    assert to_minor(to_major(minor, currency), currency) == minor


percents = st.decimals(min_value=0, max_value=100, places=2)


def terms(percent, **more):
    return PlanTerms(1, "Resident", percent, NOON.date(), NOON.date(), **more)


@given(prices, taxes, percents, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_plan_s_discount_is_exact_to_half_a_unit_and_never_free_by_rounding(
    price_minor, tax, percent, currency
):
    location = Location(
        currency=currency, tax_name="VAT", tax_percent=tax.percent, tax_included=tax.included
    )

    quote = quote_option(option(price_minor), location, terms(percent))

    price = price_minor - quote.discount_minor
    if percent == 100:
        assert (price, quote.is_free) == (0, True)
    else:
        exact = price_minor * (100 - percent) / 100
        assert abs(price - exact) <= Decimal("0.5") or price == 1
        assert price >= 1
        assert not quote.is_free
    assert quote.amount == apply_tax(price, tax)
    assert quote.total_minor <= quote.list_total_minor
    assert (quote.list_price_minor, quote.currency) == (price_minor, currency)


@given(prices, st.integers(0, 9999), st.integers(0, 9999))
def test_more_discount_never_costs_more(price_minor, one, other):
    less, more = sorted([Decimal(one) / 100, Decimal(other) / 100])

    cheap, dear = (
        quote_option(option(price_minor), EUR, terms(percent)) for percent in (more, less)
    )
    assert cheap.total_minor <= dear.total_minor


@pytest.mark.parametrize(("left", "total"), [(None, 0), (1, 0), (0, 1200)])
def test_used_up_free_claims_bring_the_list_price_back(left, total):
    quote = quote_option(option(1000), EUR, terms(Decimal(100), claims_left=left))

    assert quote.total_minor == total


@given(prices, taxes, percents, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_exempt_customer_pays_the_net_price_and_no_tax(price_minor, tax, percent, currency):
    location = Location(
        currency=currency, tax_name="VAT", tax_percent=tax.percent, tax_included=tax.included
    )
    whole = quote_option(option(price_minor), location)

    exempt = quote_option(option(price_minor), location, exemption="reverse_charge")
    discounted = quote_option(option(price_minor), location, terms(percent), exemption="Embassy")

    assert (exempt.total_minor, exempt.amount.tax_minor) == (whole.amount.net_minor, 0)
    assert exempt.list_total_minor == exempt.list_price_minor == whole.amount.net_minor
    assert exempt.total_minor <= whole.total_minor
    assert (exempt.tax.name, exempt.tax.percent) == ("VAT", 0)
    assert (discounted.amount.tax_minor, discounted.tax.exemption) == (0, "Embassy")
    assert discounted.total_minor == whole.amount.net_minor - discounted.discount_minor
    assert discounted.is_free == (percent == 100)


@given(prices, taxes, percents)
def test_exempt_or_not_the_seller_earns_the_same_but_for_a_rounding(price_minor, tax, percent):
    location = Location(
        currency="EUR", tax_name="VAT", tax_percent=tax.percent, tax_included=tax.included
    )

    taxed, exempt = (
        quote_option(option(price_minor), location, terms(percent), exemption=exemption)
        for exemption in ("", "reverse_charge")
    )

    assert abs(taxed.amount.net_minor - exempt.amount.net_minor) <= 1


@pytest.mark.parametrize(
    ("location", "price_minor", "total"),
    [(EUR, 1000, 1000), (JPY, 1100, 1000), (JPY, 1000, 909), (JPY, 1, 1), (KWD, 1234, 1234)],
)
def test_the_net_price_of_an_exempt_customer(location, price_minor, total):
    assert quote_option(option(price_minor), location, exemption="Embassy").total_minor == total


def test_another_exemption_at_the_same_price_is_the_same_quote():
    one, other = (quote_option(option(1000), EUR, exemption=why) for why in ("Embassy", "Consul"))

    assert one == other
    assert one != quote_option(option(1000), EUR)
