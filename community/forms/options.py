from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from community.forms.fields import PlainDecimalField, price_minor
from community.models import Location
from community.money import format_credits, to_major
from credits.models import CreditOption
from credits.services.options import MAX_CREDITS

EXPIRY_MONTHS = (1, 3, 6, 12, 24)


class OptionForm(forms.Form):
    """A credit option as an admin describes it; the price turns into minor units."""

    credits = PlainDecimalField(label=_("Number of credits"))
    price = PlainDecimalField(label=_("Price"))
    expiry_months = forms.TypedChoiceField(
        label=_("Expiry"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("Purchased credits never lapse unless you set an expiry."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        location: Location,
        option: CreditOption | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(option, location))
        self.location = location
        months = set(EXPIRY_MONTHS)
        if option and option.expiry_months:
            months.add(option.expiry_months)
        self.fields["expiry_months"].choices = [  # type: ignore[attr-defined]
            ("", _("Never")),
            *((number, _months(number)) for number in sorted(months)),
        ]

    def clean_credits(self) -> Decimal:
        number: Decimal = self.cleaned_data["credits"]
        if number > MAX_CREDITS:
            raise ValidationError(
                _("An option has at most %(most)s credits."),
                code="too_many_credits",
                params={"most": format_credits(MAX_CREDITS)},
            )
        if number != round(number, 2):
            raise ValidationError(
                _("Credits have at most two decimal places."), code="credits_too_precise"
            )
        return number

    def clean_price(self) -> Decimal:
        price: Decimal = self.cleaned_data["price"]
        self.price_minor = price_minor(price, self.location.currency)
        return price

    def facts(self) -> dict[str, Any]:
        """What the domain wants to know of the option."""
        return {
            "credits": self.cleaned_data["credits"],
            "price_minor": self.price_minor,
            "expiry_months": self.cleaned_data["expiry_months"],
        }


def _initial(option: CreditOption | None, location: Location) -> dict[str, Any]:
    if option is None:
        return {}
    return {
        "credits": f"{option.credits.normalize():f}",
        "price": f"{to_major(option.price_minor, location.currency):f}",
        "expiry_months": option.expiry_months or "",
    }


def _months(number: int) -> str:
    return ngettext("%(months)d month", "%(months)d months", number) % {"months": number}


class MoveForm(forms.Form):
    """The place in the selling order that an option moves to, counted from 0."""

    to = forms.IntegerField(min_value=0, max_value=10_000)
