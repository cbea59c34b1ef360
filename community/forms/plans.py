"""Plans as admins describe them, and who gets which from when until when."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.forms.fields import (
    CreditsField,
    PlainDecimalField,
    PlainTextField,
    near_day,
    price_minor,
)
from community.models import Customer, Location
from community.money import to_major
from membership.models import Plan, PlanAssignment
from membership.services.assigning import PlanWish, When
from membership.services.periods import local_day
from membership.services.plans import PlanValues

MOST_PERCENT = 100
MOST_CLAIMS = 1000
ZERO = Decimal(0)


class PlanForm(forms.Form):
    """A plan; the price turns into minor units, what is left empty into none."""

    name = PlainTextField(label=_("Name"), max_length=80)
    price = PlainDecimalField(label=_("Price per month"), zero=True)
    discount_percent = PlainDecimalField(
        label=_("Discount on credits (%)"), zero=True, required=False
    )
    monthly_credits = CreditsField(
        label=_("Monthly credits"),
        zero=True,
        required=False,
        help_text=_("Given when a period begins; they lapse when it ends."),
    )
    free_claims = forms.IntegerField(
        label=_("Free claims per period"),
        required=False,
        min_value=1,
        max_value=MOST_CLAIMS,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}
        ),
        help_text=_("Only with 100 % discount. Empty: without limit."),
        error_messages={
            "min_value": _("Enter 1 or more, or nothing."),
            "max_value": _("Enter at most %(limit_value)s."),
        },
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        location: Location,
        plan: Plan | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(plan, location))
        self.location = location

    def clean_price(self) -> Decimal:
        price: Decimal = self.cleaned_data["price"]
        self.price_minor = price_minor(price, self.location.currency)
        return price

    def clean_discount_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["discount_percent"] or ZERO
        if percent > MOST_PERCENT:
            raise ValidationError(_("A discount is at most 100 %."), code="over_100")
        if percent != round(percent, 2):
            raise ValidationError(
                _("A percentage has at most two decimal places."), code="percent_too_precise"
            )
        return percent

    def values(self) -> PlanValues:
        """What the domain wants to know of the plan."""
        return PlanValues(
            name=self.cleaned_data["name"],
            price_minor=self.price_minor,
            discount_percent=self.cleaned_data["discount_percent"],
            monthly_credits=self.cleaned_data["monthly_credits"] or ZERO,
            free_claims=self.cleaned_data["free_claims"],
        )


def _initial(plan: Plan | None, location: Location) -> dict[str, Any]:
    if plan is None:
        return {"discount_percent": "0", "monthly_credits": "0"}
    return {
        "name": plan.name,
        "price": f"{to_major(plan.price_minor, location.currency):f}",
        "discount_percent": f"{plan.discount_percent.normalize():f}",
        "monthly_credits": f"{plan.monthly_credits.normalize():f}",
        "free_claims": plan.free_claims,
    }


class BillForm(forms.Form):
    """Whether purchases may go on the plan's bill, and in a company whose."""

    bill_enabled = forms.BooleanField(
        label=_("Allow payment by bill"),
        required=False,
        help_text=_("Credits can then be bought on the open bill of the period."),
    )
    bill_for = forms.TypedChoiceField(
        label=_("Who may use the bill"),
        choices=PlanAssignment.BillFor.choices,
        coerce=PlanAssignment.BillFor,
        initial=PlanAssignment.BillFor.MANAGERS,
        widget=forms.RadioSelect,
        help_text=_("Members need the permission of a manager as well."),
    )

    def __init__(self, data: Any = None, *, customer: Customer, **more: Any) -> None:
        super().__init__(data, **more)
        self.customer = customer
        if not customer.company:
            del self.fields["bill_for"]

    @property
    def bill_terms(self) -> dict[str, Any]:
        managers = PlanAssignment.BillFor.MANAGERS
        return {
            "bill_enabled": self.cleaned_data["bill_enabled"],
            "bill_for": self.cleaned_data.get("bill_for", managers),
        }


class PlanChoiceForm(BillForm):
    plan: "forms.ModelChoiceField[Plan]" = forms.ModelChoiceField(
        label=_("Plan"), queryset=None, empty_label=_("Choose a plan")
    )

    def __init__(self, data: Any = None, *, customer: Customer, **more: Any) -> None:
        super().__init__(data, customer=customer, **more)
        self.fields["plan"].queryset = Plan.objects.on_offer()  # type: ignore[attr-defined]

    @property
    def wish(self) -> PlanWish:
        return PlanWish(plan_id=self.cleaned_data["plan"].pk, **self.bill_terms)


def _day_field(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


class AssignForm(PlanChoiceForm):
    """A plan from a day on; the last day is meant to be one with the plan."""

    starts_on = _day_field(_("From"))
    ends_on = _day_field(
        _("Until"), required=False, help_text=_("The last day with it. Empty: until it is ended.")
    )
    field_order = ["plan", "starts_on", "ends_on", "bill_enabled", "bill_for"]

    def __init__(self, data: Any = None, *, customer: Customer, at: datetime) -> None:
        today = local_day(customer.location, at)
        super().__init__(data, customer=customer, initial={"starts_on": today.isoformat()})

    def clean_starts_on(self) -> date:
        return near_day(self.cleaned_data["starts_on"])

    def clean_ends_on(self) -> date | None:
        last: date | None = self.cleaned_data["ends_on"]
        return near_day(last) + timedelta(days=1) if last else None

    def facts(self) -> dict[str, Any]:
        """What the domain wants to know; to it an end is the first day without the plan."""
        return {
            "wish": self.wish,
            "starts_on": self.cleaned_data["starts_on"],
            "ends_on": self.cleaned_data["ends_on"],
        }


class WhenForm(forms.Form):
    """From when a change or an end counts."""

    when = forms.TypedChoiceField(
        label=_("When"),
        choices=[(When.NEXT_PERIOD, _("At the next period")), (When.NOW, _("Now"))],
        coerce=When,
        initial=When.NEXT_PERIOD,
        widget=forms.RadioSelect,
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def has_seen(self, effect: str) -> bool:
        return bool(self.cleaned_data["seen"] == effect)


class ChangePlanForm(PlanChoiceForm, WhenForm):
    field_order = ["plan", "when", "bill_enabled", "bill_for"]
