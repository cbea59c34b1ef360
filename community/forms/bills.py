"""The forms of a bill: which to list, what to put on one, how it was paid, what to credit."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from billing.models import Bill, BillItem, BillPayment
from billing.models.bills import BillQuerySet
from billing.services import Received
from community.forms.fields import PlainDecimalField, PlainTextField
from community.forms.searching import SearchForm
from community.money import MAX_MINOR, format_money, to_major, to_minor

STATES = [
    ("", _("All states")),
    ("overdue", _("Overdue")),
    ("due", _("Due")),
    ("open", _("Open")),
    ("paid", _("Paid")),
    ("void", _("Void")),
]


class AmountField(PlainDecimalField):
    """An amount as people write it, given in minor units of a currency."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency = currency

    def clean(self, value: object) -> Any:
        amount: Decimal | None = super().clean(value)
        if amount is None:
            return None
        minor = to_minor(amount, self.currency)
        if minor > MAX_MINOR:
            raise ValidationError(_("This is more than a bill can hold."), code="amount_too_high")
        return minor


class BillFilter(SearchForm):
    """Which bills to list: those that match the words and are of that state and age."""

    state = forms.ChoiceField(
        required=False, choices=STATES, widget=forms.Select(attrs={"aria-label": _("State")})
    )

    @property
    def is_used(self) -> bool:
        return bool(self.words or self.chosen_state)

    def apply(self, bills: BillQuerySet, *, today: date) -> BillQuerySet:
        """Filter by what is valid; a field that isn't is left out."""
        narrowed = bills.search(self.words) if self.words else bills
        state = self.chosen_state
        if state == "overdue":
            return narrowed.overdue(today)
        if state == "due":
            return narrowed.due(today)
        if state:
            narrowed = narrowed.filter(state="active" if state == "open" else state)
        return narrowed


class CustomerSearch(SearchForm):
    """Whom to open a bill for."""


class BillItemForm(forms.Form):
    description = PlainTextField(label=_("Description"), max_length=200)
    amount = AmountField(label=_("Amount"))
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, bill: Bill) -> None:
        super().__init__(data, initial={"key": uuid4()}, prefix="item")
        self.fields["amount"] = AmountField(label=_("Amount"), currency=bill.currency)


# A payment at a gateway is noted when the gateway says so, never by hand.
BY_HAND = [
    (method.value, method.label)
    for method in BillPayment.Method
    if method != BillPayment.Method.GATEWAY
]


class MarkPaidForm(forms.Form):
    method = forms.ChoiceField(label=_("Method"), choices=BY_HAND)
    paid_on = forms.DateField(
        label=_("Paid on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reference = PlainTextField(
        label=_("Reference"),
        required=False,
        max_length=100,
        help_text=_("As on the bank statement, to find it again."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"paid_on": localtime().date()}, prefix="paid")

    def received(self) -> Received:
        return Received(
            method=BillPayment.Method(self.cleaned_data["method"]),
            reference=self.cleaned_data["reference"],
            paid_on=self.cleaned_data["paid_on"],
        )


class CreditNoteForm(forms.Form):
    """How much of each item is credited, and why."""

    reason = PlainTextField(
        label=_("Reason"), max_length=200, help_text=_("It stands on the credit note.")
    )
    waive_spent = forms.BooleanField(
        label=_("Credit used credits too"),
        required=False,
        help_text=_("Otherwise what was used of bought credits stays on the bill."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, bill: Bill, left: Mapping[BillItem, int]
    ) -> None:
        super().__init__(data, initial={"key": uuid4()})
        self.left = {item: minor for item, minor in left.items() if minor}
        for item, minor in self.left.items():
            self.fields[f"item_{item.pk}"] = AmountField(
                label=item.description,
                currency=bill.currency,
                zero=True,
                required=False,
                initial=f"{to_major(minor, bill.currency):f}",
                help_text=_("Up to %(left)s") % {"left": format_money(minor, bill.currency)},
            )

    @property
    def amounts(self) -> list[forms.BoundField]:
        return [self[f"item_{item.pk}"] for item in self.left]

    def wanted(self) -> dict[int, int]:
        """Totals to credit in minor units, by the id of the item."""
        return {item.pk: self.cleaned_data[f"item_{item.pk}"] or 0 for item in self.left}


class RemoveItemForm(forms.Form):
    reason = PlainTextField(label=_("Reason"), max_length=200)
    waive_spent = forms.BooleanField(label=_("Take used credits off the bill too"), required=False)
