"""What people are asked when they invite, ask to join, suspend and remove."""

import re
from email.utils import parseaddr
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

MOST_AT_ONCE = 50
LONGEST_EMAIL = 254


class EmailsField(forms.CharField):
    """Email addresses as people paste them: by line, comma or semicolon, with or without names."""

    widget = forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})

    def clean(self, value: object) -> list[str]:
        text: str = super().clean(value)
        parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
        if not parts:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(parts) > MOST_AT_ONCE:
            raise ValidationError(
                ngettext_lazy(
                    "Invite at most %(most)d person at once.",
                    "Invite at most %(most)d people at once.",
                    MOST_AT_ONCE,
                ),
                code="too_many",
                params={"most": MOST_AT_ONCE},
            )
        emails = [_address(part) for part in parts]
        wrong = [part for part, email in zip(parts, emails, strict=True) if not email]
        if wrong:
            raise ValidationError(
                [
                    ValidationError(
                        _("“%(text)s” is no email address."),
                        code="no_address",
                        params={"text": part[:80]},
                    )
                    for part in wrong[:5]
                ]
            )
        return list(dict.fromkeys(emails))


def _address(text: str) -> str:
    """Read `Ada Okafor <ada@example.org>`; nothing if there is no address in it."""
    email = parseaddr(text)[1] if "<" in text else text
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email.lower() if len(email) <= LONGEST_EMAIL else ""


class InviteForm(forms.Form):
    emails = EmailsField(
        label=_("Email"),
        max_length=15_000,
        help_text=_("Several addresses: one a line, or with commas."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Only for a single person. They can change it."),
    )

    def clean(self) -> dict[str, Any]:
        emails = self.cleaned_data.get("emails") or []
        if self.cleaned_data.get("name") and len(emails) > 1:
            self.add_error(
                "name",
                ValidationError(
                    _("Leave the name empty when you invite several people."), code="whose_name"
                ),
            )
        return self.cleaned_data


class JoinForm(forms.Form):
    message = forms.CharField(
        label=_("A word to the team"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReasonForm(forms.Form):
    """Why a membership is suspended or ends; the member reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The member reads it, here and by email."),
    )
