from datetime import date, datetime, time, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from community.forms.fields import PlainTextField, near_day
from community.models import ApiKey, Location
from notifications.models import WebhookKind
from notifications.services.calling import check_address


class ApiKeyForm(forms.Form):
    name = PlainTextField(
        label=_("Name"), max_length=80, help_text=_("What it is for, like: Door locks")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=ApiKey.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Without one it lasts until you revoke it."),
    )

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        return near_day(day) if day else None

    def expires_at(self, location: Location) -> datetime | None:
        """The end of its last day, where the location is."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        return datetime.combine(day, time.min, location.zone) + timedelta(days=1)


class WebhookForm(forms.Form):
    url = PlainTextField(
        label=_("Address"),
        max_length=500,
        help_text=_("An https address that the open internet can reach."),
    )
    events = forms.MultipleChoiceField(
        label=_("What it is told"),
        choices=WebhookKind.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> None:
        if url := self.cleaned_data.get("url"):
            check_address(url)
