from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter

from community.wording import (
    currency_choices,
    locale_choices,
    time_zone_choices,
    with_blank,
)
from credits.models import Entry
from membership.models import MemberImport
from membership.services.checking import FIELDS, REQUIRED
from membership.services.founding import NewPerson, NewPlace
from membership.services.tables import MAX_BYTES, FileRefused
from payments.models import Card, GatewayConnection

REDIRECT = "redirect-"  # before a gateway's name: its page is the way to pay


class PayingForm(forms.Form):
    """How somebody wants to pay: cards are theirs, redirects the gateways with a page to pay on."""

    method = forms.ChoiceField(choices=[])
    card = forms.ChoiceField(choices=[])
    keep = forms.BooleanField(required=False)
    other_methods: tuple[str, ...] = ()

    def __init__(self, data: Any, *, cards: list[Card], redirects: list[GatewayConnection]) -> None:
        super().__init__(data)
        methods = ["card", *self.other_methods, *(f"{REDIRECT}{it.gateway}" for it in redirects)]
        self.fields["method"] = forms.ChoiceField(choices=[(it, it) for it in methods])
        choices = [(str(card.pk), str(card)) for card in cards]
        self.fields["card"] = forms.ChoiceField(
            choices=[*choices, ("new", _("Use a new card"))], required=self.by_card
        )

    @property
    def by_card(self) -> bool:
        return self.data.get("method") == "card"

    @property
    def by_new_card(self) -> bool:
        return self.by_card and self.card_id is None

    @property
    def redirect(self) -> str:
        """The name of the gateway on whose page it is paid; empty for another way."""
        method: str = self.cleaned_data["method"]
        return method.removeprefix(REDIRECT) if method.startswith(REDIRECT) else ""

    @property
    def at_gateway(self) -> bool:
        return self.by_card or bool(self.redirect)

    @property
    def card_id(self) -> int | None:
        """The chosen saved card; None for a new one."""
        chosen = self.cleaned_data.get("card", "")
        return int(chosen) if self.by_card and chosen.isdecimal() else None


class CheckoutForm(PayingForm):
    """What the checkout posts."""

    other_methods = ("bill", "transfer", "free")
    quote = forms.CharField(max_length=4000)


class PayBillForm(PayingForm):
    """What the page that pays a bill posts."""

    to_pay = forms.IntegerField()


class AutoPayForm(forms.Form):
    """The card that pays bills from now on; none: nothing pays them by itself."""

    card = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def clean(self) -> None:
        if "card" not in self.data:
            raise ValidationError(_("Choose a card, or none."), code="nothing_chosen")


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
        error_messages={"invalid": _("Choose a month, like 2026-11.")},
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
    )

    def __init__(self, data: Any, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.zone = zone

    def clean_month(self) -> date | None:
        month: date | None = self.cleaned_data["month"]
        if month and month.year == date.max.year:  # the next month has no date
            raise ValidationError(_("Choose an earlier month."), code="month_too_late")
        return month

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


class FoundingForm(forms.Form):
    """The first admin and the location they run."""

    admin_name = forms.CharField(label=_("Your name"), max_length=150)
    email = forms.EmailField(label=_("Email"), max_length=254)
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters. A few words in a row are easy to keep in mind."),
    )
    name = forms.CharField(label=_("Name of the location"), max_length=100)
    slug = forms.SlugField(
        label=_("Address"),
        max_length=50,
        help_text=_("Part of every link, in small letters, digits and hyphens."),
    )
    currency = forms.ChoiceField(label=_("Currency"))
    time_zone = forms.ChoiceField(label=_("Time zone"))
    locale = forms.ChoiceField(label=_("Dates and numbers"))
    tax_name = forms.CharField(
        label=_("Tax name"), max_length=30, required=False, help_text=_("As on bills: VAT, GST.")
    )
    tax_percent = forms.DecimalField(
        label=_("Tax percent"),
        min_value=0,
        max_value=Decimal("99.99"),
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=_("0 if you charge none."),
    )
    tax_included = forms.BooleanField(label=_("Prices include the tax"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"locale": "en"})
        for name, choices in (
            ("currency", with_blank(currency_choices())),
            ("time_zone", with_blank(time_zone_choices())),
            ("locale", locale_choices()),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("tax_percent") and not self.cleaned_data.get("tax_name"):
            self.add_error(
                "tax_name", ValidationError(_("Name the tax, like VAT."), code="tax_without_name")
            )
        return self.cleaned_data

    def person(self) -> NewPerson:
        return NewPerson(
            name=self.cleaned_data["admin_name"],
            email=self.cleaned_data["email"],
            password=self.cleaned_data["password"],
        )

    def place(self) -> NewPlace:
        asked = {field.name for field in fields(NewPlace)}
        return NewPlace(**{name: self.cleaned_data[name] for name in asked})


class TableForm(forms.Form):
    """A table of members, to look at before anything happens."""

    table = forms.FileField(
        label=_("CSV or Excel file"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
        help_text=_("At most 5 MB and 10,000 rows. The first line names the columns."),
        error_messages={"empty": FileRefused.WORDS["file_empty"]},
    )

    def clean_table(self) -> Any:
        upload = self.cleaned_data["table"]
        if upload.size > MAX_BYTES:
            raise FileRefused("file_too_large")
        return upload


class ColumnsForm(forms.Form):
    """Which column of a table holds what."""

    send_invitations = forms.BooleanField(
        label=_("Send invitations"),
        required=False,
        help_text=_(
            "To those without an account: an email with a link. Without it nobody is told;"
            " they get in by “Forgot it?” on the sign-in page."
        ),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        header: list[str],
        member_import: MemberImport,
    ) -> None:
        super().__init__(data, initial={"send_invitations": member_import.send_invitations})
        named = [
            (place, f"{get_column_letter(place + 1)} · {heading}"[:80])
            for place, heading in enumerate(header)
        ]
        for name, label in FIELDS.items():
            needed = name in REQUIRED
            self.fields[name] = forms.TypedChoiceField(
                label=label,
                choices=[("", _("Choose") if needed else _("Not in the file")), *named],
                coerce=int,
                empty_value=None,
                required=False,
                initial=member_import.columns.get(name),
            )

    def columns(self) -> dict[str, int | None]:
        return {name: self.cleaned_data[name] for name in FIELDS}
