from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from community.forms.fields import PlainTextField
from payments.gateways.registry import Kind
from payments.models import GatewayConnection

PASTED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class NeverShownInput(forms.TextInput):
    """What is typed here goes one way: no page shows it again."""

    def format_value(self, value: object) -> str | None:
        return None


class KeysForm(forms.Form):
    """Two keys to connect with, or to put in the place of those that are connected."""

    publishable_key = forms.CharField(
        max_length=255,
        widget=forms.TextInput(attrs={"class": "num", **PASTED}),
    )
    secret_key = forms.CharField(
        max_length=255,
        widget=NeverShownInput(attrs={"class": "num", **PASTED}),
        help_text=_("Stored encrypted; only its last four characters are ever shown."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        kind: Kind,
        connection: GatewayConnection | None,
    ) -> None:
        super().__init__(data)
        self.fields["publishable_key"].label = str(kind.publishable_label)
        self.fields["secret_key"].label = str(kind.secret_label)
        if not kind.publishable_label:
            del self.fields["publishable_key"]
        if connection:
            for field in self.fields.values():
                field.required = False
            self.fields["secret_key"].help_text = _(
                "Stored encrypted; only its last four characters are ever shown. Leave empty to"
                " keep it."
            )

    def keys(self) -> dict[str, str]:
        return {"publishable_key": "", **self.cleaned_data}


class AccountForm(forms.Form):
    """The bank account that buyers transfer to."""

    account_details = PlainTextField(
        lines=True,
        label=_("Account details"),
        max_length=500,
        help_text=_(
            "Account holder, IBAN and bank, a line each. Buyers see them with the amount and a"
            " reference of their own."
        ),
    )
