"""Currencies as Stripe takes them: minor units, smallest and largest charge, and how it says so."""

from decimal import Decimal, InvalidOperation

from stack.stripe_standin.errors import Refusal
from stack.stripe_standin.shapes import words

AMOUNT_MAX = 99_999_999
MAXIMUMS = {"cop": 9_999_999_999, "idr": 999_999_999_999, "inr": 999_999_999}

ZERO_DECIMAL = words("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL = words("bhd jod kwd omr tnd")
# Sent in hundredths like a two-decimal currency, though they have no minor unit.
WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})
TWO_DECIMAL = words(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad
    cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl
    htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop
    mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar
    sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst
    xcd yer zmw
    """
)
RAND = frozenset({"zar"})  # codespell:ignore zar
CURRENCIES = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL | RAND

MINIMUMS = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500,
    "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300,
    "thb": 1000, "isk": 10000, "kwd": 500,
}  # fmt: skip
MINIMUM = 50

SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥", "inr": "₹"}


def places(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def parse(number: str, currency: str) -> int:
    """Read an amount as people write it: 12.50 is 1250 cents."""
    try:
        minor = Decimal(number.replace(",", ".")).scaleb(places(currency))
    except InvalidOperation as error:
        raise Refusal(f"Invalid amount: {number}", param="amount") from error
    if not minor.is_finite() or minor != int(minor):
        raise Refusal(f"Invalid amount: {number}", param="amount")
    return int(minor)


def say(amount: int, currency: str) -> str:
    """Word an amount as Stripe's messages do: €12.50, or 12.500 KWD."""
    decimals = places(currency)
    number = f"{Decimal(amount).scaleb(-decimals):,.{decimals}f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{number}" if symbol else f"{number} {currency.upper()}"


def check_currency(currency: str) -> str:
    lowered = currency.lower()
    if lowered not in CURRENCIES:
        raise Refusal(
            f"Invalid currency: {lowered}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(CURRENCIES))}",
            param="currency",
        )
    return lowered


def check_amount(amount: int, currency: str) -> int:
    """Refuse what Stripe would not charge."""
    if amount < 1:
        raise Refusal(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    minimum = MINIMUMS.get(currency, MINIMUM)
    if amount < minimum:
        raise Refusal(
            f"Amount must be at least {say(minimum, currency)} {currency}",
            code="amount_too_small",
            param="amount",
        )
    maximum = MAXIMUMS.get(currency, AMOUNT_MAX)
    if amount > maximum:
        raise Refusal(
            f"Amount must be no more than {say(maximum, currency)}",
            code="amount_too_large",
            param="amount",
        )
    step = 100 if currency in WHOLE_UNITS_ONLY else 10 if currency in THREE_DECIMAL else 1
    if amount % step:
        raise Refusal(
            f"Invalid amount: {currency.upper()} amounts must be a multiple of {step}.",
            code="parameter_invalid_integer",
            param="amount",
        )
    return amount
