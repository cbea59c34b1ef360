from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from community.forms.bills import AmountField
from community.forms.fields import PlainTextField
from community.money import format_money
from payments.models import Transaction


class RefundForm(forms.Form):
    """What was given back of a payment outside its gateway."""

    refunded_on = forms.DateField(
        label=_("Refunded on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reference = PlainTextField(
        label=_("Reference"),
        max_length=80,
        help_text=_("Something that only this refund has: what your bank or till calls it."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, charge: Transaction) -> None:
        super().__init__(data, initial={"refunded_on": localtime().date()})
        self.fields["amount"] = AmountField(
            label=_("Amount"),
            currency=charge.currency,
            help_text=_("At most %(left)s.")
            % {"left": format_money(charge.left_minor, charge.currency)},
        )
        self.order_fields(["amount", "refunded_on", "reference"])
