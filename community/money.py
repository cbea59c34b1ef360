"""Money is an integer of minor units and an ISO currency. All rounding happens here."""

from copy import copy
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_decimal, get_currency_symbol
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, ngettext, to_locale

# As ISO 4217 has it, but for the ariary: it has fifths, no hundredths, and whole ones are charged.
ZERO_DECIMAL = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
THREE_DECIMAL = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
MAX_MINOR = 10**12  # far above any sale, far below what a bigint holds


class AmountTooPrecise(ValidationError):
    def __init__(self, *, currency: str) -> None:
        decimals = exponent(currency)
        super().__init__(
            ngettext(
                "%(currency)s has at most %(decimals)d decimal place.",
                "%(currency)s has at most %(decimals)d decimal places.",
                decimals,
            ),
            code="amount_too_precise",
            params={"currency": currency, "decimals": decimals},
        )


@dataclass(frozen=True)
class Tax:
    """A location's tax as it applies to one sale: percent, and whether prices contain it.

    Of an exempt customer it is 0 % and says why; another why alone makes no other price.
    """

    name: str
    percent: Decimal
    included: bool
    exemption: str = field(default="", compare=False)


@dataclass(frozen=True)
class TaxedAmount:
    """Net, tax and total of one item, in minor units. Always net + tax = total."""

    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def exponent(currency: str) -> int:
    """How many decimal places an amount of the currency is kept, shown and charged with."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def round_half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(amount: Decimal, currency: str) -> int:
    """Turn 12.5 EUR into 1250 minor units.

    :raises AmountTooPrecise: if the amount has more decimals than the currency
    """
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise AmountTooPrecise(currency=currency)
    return int(minor)


def to_major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def apply_tax(price_minor: int, tax: Tax) -> TaxedAmount:
    """Tax per item, half up; included tax is total x r / (100 + r)."""
    if tax.included:
        tax_minor = round_half_up(price_minor * tax.percent / (100 + tax.percent))
        return TaxedAmount(net_minor=price_minor - tax_minor, tax_minor=tax_minor)
    return TaxedAmount(
        net_minor=price_minor, tax_minor=round_half_up(price_minor * tax.percent / 100)
    )


@dataclass(frozen=True)
class Price:
    """What a customer is asked for something, in minor units, and the tax that goes with it."""

    minor: int
    tax: Tax

    @property
    def amount(self) -> TaxedAmount:
        return apply_tax(self.minor, self.tax)


def price_for(price_minor: int, tax: Tax, *, exemption: str) -> Price:
    """A price as one customer has it: an exempt one pays the net price, at a tax of 0 %.

    :param exemption: why the customer pays no tax; empty if they pay it
    """
    if not exemption:
        return Price(price_minor, tax)
    without = Tax(tax.name, Decimal(0), tax.included, exemption)
    return Price(apply_tax(price_minor, tax).net_minor, without)


def share_of(amount_minor: int, *, part: int, whole: int) -> int:
    """The share of an amount that belongs to a part of a whole, half up."""
    return round_half_up(Decimal(amount_minor) * part / whole)


def _language() -> str:
    return to_locale(get_language() or "en")


@cache  # given a name, Babel looks for the locale's file at every call
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@cache
def _money_pattern(language: str, places: int) -> NumberPattern:
    """The reader's way of writing money, with as many decimals as an amount has.

    Of some currencies CLDR leaves away decimals that are rarely used but may be charged.
    """
    pattern: NumberPattern = copy(_locale(language).currency_formats["standard"])
    pattern.frac_prec = (places, places)
    return pattern


# A page writes the same few amounts again and again, and Babel applies its pattern each time.
@lru_cache(maxsize=4096)
def _written_money(amount: Decimal, currency: str, language: str) -> str:
    pattern = _money_pattern(language, exponent(currency))
    text: str = pattern.apply(amount, _locale(language), currency=currency, currency_digits=False)
    return text


@lru_cache(maxsize=4096)
def _written_credits(credits: Decimal, language: str) -> str:
    locale = _locale(language)
    return format_decimal(
        credits, format="#,##0.##", locale=locale, group_separator=locale.language != "en"
    )


def format_money(minor: int, currency: str) -> str:
    """€12.00 in the reader's language, with the typographic minus."""
    text = _written_money(to_major(abs(minor), currency), currency, _language())
    return f"−{text}" if minor < 0 else text


def format_unit_price(minor: int, credits: Decimal, currency: str) -> str:
    """Price per credit, rounded to the currency's decimals for reading only."""
    return format_money(round_half_up(Decimal(minor) / credits), currency)


def format_credits(credits: Decimal, *, signed: bool = False) -> str:
    """1234, 2.5, −6: without needless zeros and, in English, without grouping."""
    text = _written_credits(abs(credits), _language())
    if credits < 0:
        return f"−{text}"
    return f"+{text}" if signed else text


def say_credits(credits: Decimal) -> str:
    """1 credit, 10 credits, 2.5 credits."""
    words = ngettext("%(credits)s credit", "%(credits)s credits", many(credits))
    return words % {"credits": format_credits(credits)}


def credit_word(credits: Decimal) -> str:
    """The word alone, beside a figure that stands by itself."""
    return ngettext("credit", "credits", many(credits))


def many(credits: Decimal) -> int:
    """The number that languages choose their plural by; a fraction is never one."""
    return abs(int(credits)) if credits == int(credits) else 2


def symbol(currency: str) -> str:
    return get_currency_symbol(currency, locale=_locale(_language()))
