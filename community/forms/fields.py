import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.money import MAX_MINOR, format_credits, to_major, to_minor
from credits.services.options import MAX_CREDITS

LAST_DAY = date(2199, 12, 31)
# Short enough for the decimal module to work on it exactly.
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{0,14})?|-?\.[0-9]{1,14}")
# Turn the reading direction of what follows, so a name could pass for another.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def near_day(day: date) -> date:
    """A day that calendars have in every zone."""
    if day > LAST_DAY:
        raise ValidationError(_("This day is too far away."), code="too_far_away")
    return day


def price_minor(price: Decimal, currency: str) -> int:
    """A typed price in minor units."""
    if price > to_major(MAX_MINOR, currency):
        raise ValidationError(_("This price is too high."), code="price_too_high")
    return to_minor(price, currency)


class PlainDecimalField(forms.CharField):
    """A number above 0 as people write it: digits and a point, nothing that only programs read."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"})

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zero = zero

    def clean(self, value: object) -> Decimal | None:
        text: str = super().clean(value)
        if not text:
            return None
        if re.fullmatch(r"-?[0-9.]*,[0-9.,]*", text):
            raise ValidationError(
                _("Write decimals with a point and no grouping, like 1000 or 2.5."),
                code="number_with_comma",
            )
        if not _PLAIN_NUMBER.fullmatch(text):
            raise ValidationError(_("Enter a number, like 10 or 2.5."), code="not_a_number")
        number = Decimal(text)
        if self.zero and number < 0:
            raise ValidationError(_("Enter 0 or a number above it."), code="below_zero")
        if not self.zero and number <= 0:
            raise ValidationError(_("Enter a number above 0."), code="not_above_zero")
        return number


class CreditsField(PlainDecimalField):
    """A number of credits: two decimals, and not more than an option may have."""

    def clean(self, value: object) -> Decimal | None:
        number = super().clean(value)
        if number is not None and number > MAX_CREDITS:
            raise ValidationError(
                _("Enter at most %(most)s credits."),
                code="too_many_credits",
                params={"most": format_credits(MAX_CREDITS)},
            )
        if number is not None and number != round(number, 2):
            raise ValidationError(
                _("Credits have at most two decimal places."), code="credits_too_precise"
            )
        return number


class PlainTextField(forms.CharField):
    """Words to be read: without control characters, and without turns of direction that hide."""

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        if lines:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(**kwargs)
        self.kept = {"\n", "\x00"} if lines else {"\x00"}  # a NUL is refused by a validator

    def to_python(self, value: object) -> str:
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n")
        if "\n" not in self.kept:
            text = text.replace("\n", " ")
        return super().to_python("".join(letter for letter in text if self._is_plain(letter))) or ""

    def _is_plain(self, letter: str) -> bool:
        if letter in self.kept:
            return True
        return letter not in _TURNS and unicodedata.category(letter) not in {"Cc", "Cs"}
