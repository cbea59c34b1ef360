from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from analytics.models import RevenueLineQuerySet, Source
from analytics.services import months_between
from analytics.wording import month_words

DEFAULT_MONTHS = 12
LONGEST_PRESET = 36


@dataclass(frozen=True)
class Span:
    """Months from the first to the last, both included, by their first days."""

    first: date
    last: date

    @classmethod
    def up_to(cls, last: date, *, months: int) -> "Span":
        return cls(last - relativedelta(months=months - 1), last)


class RevenueFilter(forms.Form):
    """Which months of revenue to show, and of what."""

    first = forms.TypedChoiceField(label=_("From"), coerce=date.fromisoformat)
    last = forms.TypedChoiceField(label=_("Until"), coerce=date.fromisoformat)
    before = forms.BooleanField(label=_("Compare with the year before"), required=False)
    method = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput, strip=False)
    option = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput, strip=False)

    def __init__(self, data: QueryDict, *, earliest: date | None, this_month: date) -> None:
        """Offer the months since the earliest that has revenue, and as many as presets need."""
        self.default = Span.up_to(this_month, months=DEFAULT_MONTHS)
        unasked = {name: month.isoformat() for name, month in asdict(self.default).items()}
        super().__init__(unasked | data.dict())
        begin = Span.up_to(this_month, months=LONGEST_PRESET).first
        months = months_between(min(begin, earliest or begin), this_month)
        for name in unasked:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(month.isoformat(), month_words(month)) for month in reversed(months)]

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = self.cleaned_data
        if {"first", "last"} <= chosen.keys() and chosen["first"] > chosen["last"]:
            words = _("Choose a month that doesn't lie before the first.")
            self.add_error("last", ValidationError(words, code="span_is_empty"))
        return chosen

    @property
    def span(self) -> Span:
        """The months that were asked for; the last twelve, if what was asked can't be."""
        if not self.is_valid():
            return self.default
        return Span(self.cleaned_data["first"], self.cleaned_data["last"])

    @property
    def narrowed(self) -> dict[str, str]:
        """The one method and the one option of credits that it is about, if any."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in ("method", "option")}

    @property
    def compares(self) -> bool:
        self.is_valid()
        return bool(self.cleaned_data.get("before"))


class LineFilter(forms.Form):
    """Which lines of a month to list."""

    source = forms.ChoiceField(required=False, choices=[("", _("All sources")), *Source.choices])
    method = forms.CharField(required=False, max_length=20, strip=False)
    option = forms.CharField(required=False, max_length=100, strip=False)

    @property
    def chosen(self) -> dict[str, str]:
        """What is valid of it; a field that isn't is left out."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}

    def apply(self, lines: RevenueLineQuerySet) -> RevenueLineQuerySet:
        """Filter as `RevenueMonth` counts: an option is the label of credits."""
        chosen = self.chosen
        if chosen["option"]:
            lines = lines.filter(source=Source.CREDITS, label=chosen["option"])
        if chosen["method"]:
            lines = lines.filter(method=chosen["method"])
        if chosen["source"]:
            lines = lines.filter(source=chosen["source"])
        return lines
