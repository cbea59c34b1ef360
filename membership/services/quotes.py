from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.money import Tax, TaxedAmount, apply_tax, format_unit_price
from credits.models import CreditOption


class OptionNotOnSale(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This option is no longer on sale. Nothing was charged."), code="option_not_on_sale"
        )


@dataclass(frozen=True)
class Quote:
    """What an option costs a customer now. The buyer confirms the one they saw."""

    option_id: int
    credits: Decimal
    expiry_months: int | None
    list_price_minor: int
    currency: str
    tax: Tax
    amount: TaxedAmount

    @property
    def total_minor(self) -> int:
        return self.amount.total_minor

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


def quote_option(option: CreditOption, location: Location) -> Quote:
    """Price and tax of an option at this moment (minor units).

    :raises OptionNotOnSale: if it is archived
    """
    if option.archived_at is not None:
        raise OptionNotOnSale
    return Quote(
        option_id=option.pk,
        credits=option.credits,
        expiry_months=option.expiry_months,
        list_price_minor=option.price_minor,
        currency=location.currency,
        tax=location.tax,
        amount=apply_tax(option.price_minor, location.tax),
    )
