"""The forms of a location's settings. Each knows which values it was filled with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.services import MAX_DOCUMENT_NUMBER
from community.forms.fields import CreditsField, PlainDecimalField, PlainTextField
from community.models import Location
from community.services.settings import (
    BILLING,
    CREDIT_POLICY,
    MAILS,
    PLACE,
    TAX,
    facts_of,
    plain_value,
    version_of,
)
from community.wording import currency_choices, locale_choices, time_zone_choices

MAX_REMINDERS = 10
LAST_REMINDER_DAY = 90
MAX_TERMS_DAYS = 365


@dataclass(frozen=True)
class Difference:
    """A field as it is saved now and as the reader would have it."""

    label: str
    now: str
    yours: str


class SettingsForm(forms.Form):
    """Fields of a row, with a fingerprint of the values that they were filled with."""

    names: ClassVar[tuple[str, ...]]
    ids: ClassVar[str] = "id_%s"
    # Where somebody else saved other values meanwhile; None if nobody did.
    conflicts: list[Difference] | None = None
    version = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, row: Any) -> None:
        filled = {name: self.filled(name, getattr(row, name)) for name in self.names} if row else {}
        version = version_of(facts_of(row, self.names)) if row else ""
        initial = filled | {"version": version}
        super().__init__(data, initial=initial, auto_id=self.ids)

    def filled(self, _name: str, value: Any) -> Any:
        return plain_value(value)

    @property
    def seen(self) -> str:
        return str(self.data.get("version", ""))

    def values(self) -> dict[str, Any]:
        """What the domain is asked to put in place."""
        return {name: self.cleaned_data[name] for name in self.names}

    def is_stale(self) -> bool:
        return self.seen != str(self.initial["version"])

    def differences_to(self, saved: "SettingsForm") -> list[Difference]:
        """Compare what was sent with what is saved by now, in the reader's words."""
        pairs = [(saved[name], self[name]) for name in self.names]
        found = [Difference(str(mine.label), _said(now), _said(mine)) for now, mine in pairs]
        return [difference for difference in found if difference.now != difference.yours]

    def take_version_of(self, saved: "SettingsForm") -> None:
        """Let the next save go ahead: its sender has seen what is saved now."""
        self.data = {name: self.data.get(name, "") for name in self.data} | {
            "version": saved.initial["version"]
        }


def _said(field: BoundField) -> str:
    value = field.value()
    if isinstance(field.field, forms.BooleanField):
        return _("Yes") if value not in {"", None, False} else _("No")
    choices = dict(getattr(field.field, "choices", []))
    words = choices.get(value, choices.get(str(value), value))
    return "" if words is None else str(words).replace("\r\n", "\n").strip()


class LocationForm(SettingsForm):
    names = PLACE

    name = PlainTextField(label=gettext_lazy("Name"), max_length=100)
    locale = forms.ChoiceField(
        label=gettext_lazy("Locale"),
        help_text=gettext_lazy("How dates and numbers are written on documents."),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Type a city to search, like Berlin."),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, row: Location) -> None:
        super().__init__(data, row=row)
        self.location = row
        self._choose_from("locale", locale_choices(), row.locale)
        self._choose_from("currency", currency_choices(), row.currency)

    def _choose_from(self, name: str, choices: list[tuple[str, str]], own: str) -> None:
        known = own in dict(choices)
        field: Any = self.fields[name]
        field.choices = choices if known else [(own, own), *choices]

    def clean_time_zone(self) -> str:
        asked = self.cleaned_data["time_zone"].replace(" ", "_").casefold()
        known = {name.casefold(): name for name, _words in time_zone_choices()}
        known[self.location.time_zone.casefold()] = self.location.time_zone
        if asked not in known:
            raise ValidationError(
                _("Choose a time zone from the list, like Europe/Berlin."), code="unknown_time_zone"
            )
        return known[asked]

    def clean_currency(self) -> str:
        # A field that is switched off sends nothing.
        return self.cleaned_data["currency"] or self.location.currency

    @property
    def has_effects(self) -> bool:
        """Whether more than words change: its sender confirms that first."""
        return any(
            self.cleaned_data[name] != getattr(self.location, name)
            for name in ("time_zone", "currency")
        )


class MailsForm(SettingsForm):
    names = MAILS

    sender_name = PlainTextField(
        label=gettext_lazy("Sender name"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Whom mails are from. Empty: the location's name."),
    )
    reply_to = forms.EmailField(
        label=gettext_lazy("Reply address"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("Where answers to mails go. Empty: nowhere in particular."),
    )


class BillingForm(SettingsForm):
    names = BILLING

    legal_name = PlainTextField(
        label=gettext_lazy("Legal name"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Who sells, as documents name them. Empty: the location's name."),
    )
    address = PlainTextField(
        label=gettext_lazy("Address"), required=False, max_length=500, lines=True
    )
    vat_number = PlainTextField(label=gettext_lazy("VAT number"), required=False, max_length=40)
    registration_number = PlainTextField(
        label=gettext_lazy("Registration number"), required=False, max_length=40
    )
    bank_details = PlainTextField(
        label=gettext_lazy("Bank details"),
        required=False,
        max_length=500,
        lines=True,
        help_text=gettext_lazy("Printed on bills: where transfers go."),
    )
    document_footer = PlainTextField(
        label=gettext_lazy("Footer of documents"), required=False, max_length=1000, lines=True
    )
    document_prefix = forms.CharField(
        label=gettext_lazy("Document prefix"),
        required=False,
        max_length=8,
        help_text=gettext_lazy("Begins each number: HL makes HL-R-2026-0001."),
    )
    payment_terms_days = forms.IntegerField(
        label=gettext_lazy("Payment terms"),
        min_value=0,
        max_value=MAX_TERMS_DAYS,
        help_text=gettext_lazy("Days from issue until a bill is due."),
    )
    reminder_days = forms.CharField(
        label=gettext_lazy("Reminders"),
        required=False,
        help_text=gettext_lazy("Days after a bill is due, like 3, 10. Empty: none are sent."),
    )
    next_receipt = forms.IntegerField(
        label=gettext_lazy("Next receipt number"),
        required=False,
        min_value=1,
        max_value=MAX_DOCUMENT_NUMBER,
    )
    next_receipt_shown = forms.IntegerField(required=False, widget=forms.HiddenInput)
    next_bill = forms.IntegerField(
        label=gettext_lazy("Next bill number"),
        required=False,
        min_value=1,
        max_value=MAX_DOCUMENT_NUMBER,
    )
    next_bill_shown = forms.IntegerField(required=False, widget=forms.HiddenInput)
    next_credit_note = forms.IntegerField(
        label=gettext_lazy("Next credit note number"),
        required=False,
        min_value=1,
        max_value=MAX_DOCUMENT_NUMBER,
    )
    next_credit_note_shown = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, row: Location, numbers: Mapping[str, int]
    ) -> None:
        super().__init__(data, row=row)
        self.kinds = sorted(numbers)
        for kind in self.kinds:
            self.initial[f"next_{kind}"] = self.initial[f"next_{kind}_shown"] = numbers[kind]

    def filled(self, name: str, value: Any) -> Any:
        return ", ".join(map(str, value)) if name == "reminder_days" else value

    def clean_document_prefix(self) -> str:
        prefix: str = self.cleaned_data["document_prefix"].upper()
        if not re.fullmatch(r"[A-Z0-9]*", prefix):
            raise ValidationError(_("Use letters A to Z and digits only."), code="prefix_not_plain")
        return prefix

    def clean_reminder_days(self) -> list[int]:
        parts = [part for part in re.split(r"[,;\s]+", self.cleaned_data["reminder_days"]) if part]
        if not all(re.fullmatch(r"[0-9]{1,3}", part) for part in parts):
            raise ValidationError(
                _("Enter days with commas between them, like 3, 10."), code="days_unreadable"
            )
        days = [int(part) for part in parts]
        if any(not 1 <= day <= LAST_REMINDER_DAY for day in days):
            raise ValidationError(
                _("Reminders go out 1 to %(last)d days after a bill is due.")
                % {"last": LAST_REMINDER_DAY},
                code="days_out_of_range",
            )
        if days != sorted(set(days)):
            raise ValidationError(
                _("Name each day once, the earliest first."), code="days_not_ascending"
            )
        if len(days) > MAX_REMINDERS:
            raise ValidationError(
                _("A bill has at most %(most)d reminders.") % {"most": MAX_REMINDERS},
                code="too_many_reminders",
            )
        return days

    @property
    def moved_on_to(self) -> dict[str, int]:
        """The numbers to go on with, by kind; without those that their sender left as they were."""
        asked = {kind: self.cleaned_data[f"next_{kind}"] for kind in self.kinds}
        return {
            kind: number
            for kind, number in asked.items()
            if number and number != self.cleaned_data.get(f"next_{kind}_shown")
        }


class TaxForm(SettingsForm):
    names = TAX

    tax_name = PlainTextField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("As members read it, like VAT."),
    )
    tax_percent = PlainDecimalField(label=gettext_lazy("Percent"), zero=True)
    tax_included = forms.TypedChoiceField(
        label=gettext_lazy("Your prices"),
        choices=[
            ("yes", gettext_lazy("Include tax: members pay the price")),
            ("no", gettext_lazy("Are before tax: it is added to the price")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def filled(self, name: str, value: Any) -> Any:
        if name == "tax_included":
            return "yes" if value else "no"
        return super().filled(name, value)

    def clean_tax_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["tax_percent"]
        if percent >= 100:  # noqa: PLR2004 - all of it
            raise ValidationError(_("Enter a percentage below 100."), code="percent_too_high")
        if percent != round(percent, 2):
            raise ValidationError(
                _("A percentage has at most two decimal places."), code="percent_too_precise"
            )
        return percent

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("tax_percent") and "tax_name" in cleaned and not cleaned["tax_name"]:
            self.add_error("tax_name", _("Name the tax that members pay."))
        return cleaned


class CreditPolicyForm(SettingsForm):
    names = CREDIT_POLICY

    bill_credits = forms.ChoiceField(
        label=gettext_lazy("Credits bought on a bill are added"),
        choices=[
            (Location.BillCredits.AT_ONCE, gettext_lazy("At once")),
            (Location.BillCredits.WHEN_PAID, gettext_lazy("When the bill is paid in full")),
        ],
        widget=forms.RadioSelect,
    )
    bill_limit_credits = CreditsField(
        label=gettext_lazy("Most credits on one active bill"),
        required=False,
        help_text=gettext_lazy("All purchases of a bill's period together. Empty: no limit."),
    )
    refuse_bills_while_overdue = forms.BooleanField(
        label=gettext_lazy("No purchases by bill while one is overdue"), required=False
    )
    staff_limit_credits = CreditsField(
        label=gettext_lazy("Most credits that staff give or deduct at once"),
        zero=True,
        help_text=gettext_lazy("0: staff do neither. Admins have no limit."),
    )
    require_second_factor = forms.BooleanField(
        label=gettext_lazy("Staff and admins need a second factor to sign in"),
        required=False,
        help_text=gettext_lazy(
            "Whoever has none is asked to set one up before any page of the location opens."
        ),
    )
