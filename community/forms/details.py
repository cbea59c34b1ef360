"""How documents name a customer: the same fields for themself, their manager and an admin."""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import BillingDetails
from billing.models.details import MAX_EMAILS
from billing.services import DETAILS, EXEMPTION, read_vat_number
from community.forms.fields import PlainTextField
from community.forms.settings import SettingsForm

LONGEST_EMAIL = 254


class DetailsForm(SettingsForm):
    names: ClassVar[tuple[str, ...]] = DETAILS

    name = PlainTextField(
        label=gettext_lazy("Name on documents"),
        required=False,
        max_length=200,
    )
    address = PlainTextField(
        label=gettext_lazy("Address"), required=False, max_length=500, lines=True
    )
    vat_number = PlainTextField(
        label=gettext_lazy("VAT number"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("With its country, like DE123456789."),
    )
    emails = PlainTextField(
        label=gettext_lazy("Emails for documents"),
        required=False,
        lines=True,
        max_length=3000,
        help_text=gettext_lazy("Who gets bills and receipts by mail, one address a line."),
    )
    reference = PlainTextField(
        label=gettext_lazy("Reference"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("An order number or cost centre, printed on each document."),
    )

    def filled(self, name: str, value: Any) -> Any:
        return "\n".join(value) if name == "emails" else super().filled(name, value)

    def clean_vat_number(self) -> str:
        return read_vat_number(self.cleaned_data["vat_number"])

    def clean_emails(self) -> list[str]:
        words = re.split(r"[,;\s]+", self.cleaned_data["emails"])
        emails = list({word.lower(): word for word in words if word}.values())
        for email in emails:
            _check_email(email)
        if len(emails) > MAX_EMAILS:
            raise ValidationError(
                _("Name at most %(most)d addresses.") % {"most": MAX_EMAILS},
                code="too_many_emails",
            )
        return emails


class TaxedDetailsForm(DetailsForm):
    """With what only an admin decides: whether the customer pays tax."""

    names = (*DETAILS, *EXEMPTION)

    exemption = forms.ChoiceField(
        label=gettext_lazy("Tax exemption"),
        required=False,
        choices=BillingDetails.Exemption.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Counts from now on. What is on the open bill stays as it is."),
    )
    exemption_reason = PlainTextField(
        label=gettext_lazy("Reason of the exemption"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Only for another reason. Documents print it word for word."),
    )


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as invalid:
        raise _no_email(email) from invalid
    if len(email) > LONGEST_EMAIL:
        raise _no_email(email)


def _no_email(email: str) -> ValidationError:
    return ValidationError(
        _("“%(email)s” is no email address.") % {"email": email[:80]}, code="email_invalid"
    )
