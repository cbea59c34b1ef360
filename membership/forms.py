from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from credits.models import Entry
from payments.models import Card


class CheckoutForm(forms.Form):
    """What the checkout posts; cards are those of the buyer."""

    quote = forms.CharField(max_length=4000)
    method = forms.ChoiceField(choices=[("card", _("Card"))])
    card = forms.ChoiceField(choices=[])
    keep = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, cards: list[Card]) -> None:
        super().__init__(data)
        choices = [(str(card.pk), str(card)) for card in cards]
        self.fields["card"] = forms.ChoiceField(choices=[*choices, ("new", _("Use a new card"))])

    @property
    def card_id(self) -> int | None:
        """The chosen saved card; None for a new one."""
        chosen = self.cleaned_data["card"]
        return None if chosen == "new" else int(chosen)


class MovementFilter(forms.Form):
    """Which movements of credits to list: all, added or used, and of which months."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("All")), ("added", _("Added")), ("used", _("Used"))],
    )
    month = forms.DateField(
        label=_("Month"),
        required=False,
        input_formats=["%Y-%m"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
    )

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.zone = zone

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def apply(self, entries: "QuerySet[Entry]") -> "QuerySet[Entry]":
        """Filter by what is valid; a field that isn't is shown with its error and left out."""
        self.is_valid()
        chosen: dict[str, Any] = self.cleaned_data
        if chosen.get("kind") == "added":
            entries = entries.filter(credits__gt=0)
        if chosen.get("kind") == "used":
            entries = entries.filter(credits__lt=0)
        if month := chosen.get("month"):
            entries = entries.filter(
                happened_at__gte=self._start(month),
                happened_at__lt=self._start(month + relativedelta(months=1)),
            )
        return entries

    def _start(self, day: date) -> datetime:
        return datetime(day.year, day.month, 1, tzinfo=self.zone)
