import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Short enough for the decimal module to work on it exactly.
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{0,14})?|-?\.[0-9]{1,14}")


class PlainDecimalField(forms.CharField):
    """A number above 0 as people write it: digits and a point, nothing that only programs read."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"})

    def clean(self, value: object) -> Decimal:
        text: str = super().clean(value)
        if re.fullmatch(r"-?[0-9.]*,[0-9.,]*", text):
            raise ValidationError(
                _("Write decimals with a point and no grouping, like 1000 or 2.5."),
                code="number_with_comma",
            )
        if not _PLAIN_NUMBER.fullmatch(text):
            raise ValidationError(_("Enter a number, like 10 or 2.5."), code="not_a_number")
        number = Decimal(text)
        if number <= 0:
            raise ValidationError(_("Enter a number above 0."), code="not_above_zero")
        return number
