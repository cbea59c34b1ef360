"""Currencies, time zones and locales in the reader's words, for the forms that choose them."""

from collections.abc import Iterable
from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

Choices = list[tuple[str, str]]

LOCALES = (
    *("en", "en-GB", "en-US", "en-IE", "en-AU", "en-CA", "en-IN", "cs", "da", "de", "de-AT"),
    *("de-CH", "el", "es", "es-MX", "et", "fi", "fr", "fr-BE", "fr-CA", "fr-CH", "hr", "hu", "it"),
    *("ja", "ko", "lt", "lv", "nb", "nl", "nl-BE", "pl", "pt", "pt-BR", "ro", "sk", "sl", "sv"),
    *("tr", "uk", "zh-Hans"),
)


def currency_choices() -> Choices:
    """`EUR · Euro`: what is legal tender somewhere today, by code."""
    return _currencies(_reader())


def time_zone_choices() -> Choices:
    """Every zone that is named after a place, and UTC."""
    return [(name, name.replace("_", " ")) for name in _zones()]


def locale_choices() -> Choices:
    """How dates and numbers are written, each locale in its own words."""
    return [(code, Locale.parse(code, sep="-").get_display_name() or code) for code in LOCALES]


def with_blank(choices: Iterable[tuple[str, str]]) -> Choices:
    return [("", _("Choose")), *choices]


def _reader() -> str:
    return to_locale(get_language() or "en")


@cache
def _currencies(reader: str) -> Choices:
    tenders = get_global("territory_currencies").values()
    in_use = {
        code
        for tender in tenders
        for code, _from, until, is_tender in tender
        if is_tender and until is None
    }
    return [(code, f"{code} · {get_currency_name(code, locale=reader)}") for code in sorted(in_use)]


@cache
def _zones() -> list[str]:
    named = (name for name in available_timezones() if "/" in name)
    return ["UTC", *sorted(name for name in named if not name.startswith("Etc/"))]
