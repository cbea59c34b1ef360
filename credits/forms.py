from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from community.forms import PlainDecimalField
from community.models import Location
from credits.services.options import MAX_CREDITS


class DeductForm(forms.Form):
    """How many credits, and why: the member reads the reason."""

    credits = PlainDecimalField(label=_("Number of credits"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The member reads it."),
        validators=[ProhibitNullCharactersValidator()],
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, location: Location, prefix: str) -> None:
        super().__init__(data, prefix=prefix, initial={"key": uuid4()})
        self.location = location

    def clean_credits(self) -> Decimal:
        number: Decimal = self.cleaned_data["credits"]
        if number > MAX_CREDITS:
            raise ValidationError(_("This is more than anyone can hold."), code="too_many_credits")
        if number != round(number, 2):
            raise ValidationError(
                _("Credits have at most two decimal places."), code="credits_too_precise"
            )
        return number

    def facts(self) -> dict[str, Any]:
        """What the domain wants to know."""
        return {
            "credits": self.cleaned_data["credits"],
            "reason": self.cleaned_data["reason"],
            "key": f"{self.prefix}:{self.cleaned_data['key']}",
        }


class GiveForm(DeductForm):
    """The same with the day on which the given credits are good for the last time."""

    last_day = forms.DateField(
        label=_("Good until"),
        required=False,
        help_text=_("Empty: they never lapse."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    field_order = ["credits", "last_day", "reason"]

    def facts(self) -> dict[str, Any]:
        day: date | None = self.cleaned_data["last_day"]
        lapses_at = None
        if day is not None:
            midnight = datetime.combine(day, datetime.min.time(), tzinfo=self.location.zone)
            lapses_at = midnight + timedelta(days=1)
        return {**super().facts(), "lapses_at": lapses_at}
