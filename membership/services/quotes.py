from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.services import details_of
from community.models import Customer, Location
from community.money import (
    Price,
    Tax,
    TaxedAmount,
    apply_tax,
    format_unit_price,
    price_for,
    round_half_up,
)
from credits.models import CreditOption
from membership.models import Plan

WHOLE = Decimal(100)


class OptionNotOnSale(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This option is no longer on sale. Nothing was charged."), code="option_not_on_sale"
        )


@dataclass(frozen=True)
class PlanTerms:
    """What a customer's plan does to prices today."""

    assignment_id: int
    plan_name: str
    discount_percent: Decimal
    period_start: date
    period_end: date
    claims_left: int | None = None  # None: without limit

    @property
    def claims_are_used_up(self) -> bool:
        """Free by the plan, but not again in this period: the list price holds."""
        return self.discount_percent == WHOLE and self.claims_left == 0

    @property
    def effective_percent(self) -> Decimal:
        return Decimal(0) if self.claims_are_used_up else self.discount_percent


@dataclass(frozen=True)
class Quote:
    """What an option costs a customer now. The buyer confirms the one they saw."""

    option_id: int
    credits: Decimal
    expiry_months: int | None
    list_price_minor: int
    discount_percent: Decimal
    currency: str
    tax: Tax
    amount: TaxedAmount

    @property
    def total_minor(self) -> int:
        return self.amount.total_minor

    @property
    def list_total_minor(self) -> int:
        """What it costs without the discount, tax included."""
        return apply_tax(self.list_price_minor, self.tax).total_minor

    @property
    def discount_minor(self) -> int:
        """What the plan takes off the list price, in that price's terms of tax."""
        return self.list_price_minor - discounted(self.list_price_minor, self.discount_percent)

    @property
    def is_free(self) -> bool:
        return self.total_minor == 0

    @property
    def unit_price(self) -> str:
        """What one credit costs, tax included, to compare options by."""
        return format_unit_price(self.total_minor, self.credits, self.currency)


class QuoteChanged(ValidationError):
    """Something about the sale changed since the buyer looked; nothing is charged."""

    def __init__(self, *, seen: Quote, now: Quote) -> None:
        super().__init__(
            _("The price or what you get changed while you were here. Nothing was charged."),
            code="quote_changed",
        )
        self.seen, self.now = seen, now


def quote_option(
    option: CreditOption,
    location: Location,
    terms: PlanTerms | None = None,
    *,
    exemption: str = "",
) -> Quote:
    """Price, discount and tax of an option at this moment (minor units).

    :param exemption: why the customer pays no tax; their list price is the net one
    :raises OptionNotOnSale: if it is archived
    """
    if option.archived_at is not None:
        raise OptionNotOnSale
    percent = terms.effective_percent if terms else Decimal(0)
    price = price_for(option.price_minor, location.tax, exemption=exemption)
    return Quote(
        option_id=option.pk,
        credits=option.credits,
        expiry_months=option.expiry_months,
        list_price_minor=price.minor,
        discount_percent=percent,
        currency=location.currency,
        tax=price.tax,
        amount=apply_tax(discounted(price.minor, percent), price.tax),
    )


def quote_fee(plan: Plan, customer: Customer) -> Price:
    """What a plan costs this customer each period, at this moment."""
    exemption = details_of(customer).no_tax_because
    return price_for(plan.price_minor, customer.location.tax, exemption=exemption)


def discounted(price_minor: int, percent: Decimal) -> int:
    """The price less a discount, half up. Less than 100 % off never comes to nothing."""
    if percent == WHOLE:
        return 0
    return max(1, price_minor - round_half_up(price_minor * percent / WHOLE))
