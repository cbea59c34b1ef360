"""What a location is called and where it is: changes that reach into its prices and its books."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from analytics.services import rebuild_months
from billing.models import Bill, Receipt
from community.models import Customer, Location, Member, User
from community.money import AmountTooPrecise, exponent, say_credits, to_major, to_minor
from community.services.locations import check_ways
from community.services.settings import PLACE, lock_location, refuse_stale, write_settings
from credits.models import CreditOption, Entry
from membership.models import Plan, Purchase


class CurrencyFixed(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(
            _("The currency is fixed: credits were sold, billed or given in it."),
            code="currency_fixed",
        )
        super().__init__({"currency": words})


class PriceNotInCurrency(ValidationError):
    """An option or a plan has a price that the new currency has no coins for."""

    def __init__(self, priced: CreditOption | Plan, *, currency: str) -> None:
        words = ValidationError(
            _("%(what)s: the price has decimals that %(currency)s doesn't have. Change it first."),
            code="price_not_in_currency",
            params={"what": _name_of(priced), "currency": currency},
        )
        super().__init__({"currency": words})


def _name_of(priced: CreditOption | Plan) -> str:
    if isinstance(priced, Plan):
        return priced.name
    return say_credits(priced.credits)


def is_currency_fixed(location: Location) -> bool:
    """Whether anything was sold, billed or given: an attempt may still turn into a sale."""
    return any(
        rows.filter(**owner).exists()
        for rows, owner in (
            (Purchase.objects, {"location": location}),
            (Receipt.objects, {"location": location}),
            (Bill.objects, {"location": location}),
            (Entry.objects, {"location": location}),
        )
    )


@transaction.atomic
def change_location(
    *, location: Location, values: dict[str, Any], seen: str, by: User, at: datetime
) -> Location:
    """Change a location's name, locale, time zone or currency.

    Another time zone sorts the revenue into its months anew; the moments stay. Another currency
    keeps the figure of every price: 12.00 stays 12.00.

    :param seen: `version_of` the values that the change started from
    :raises ChangedMeanwhile: if they are others by now
    :raises CurrencyFixed: if anything was sold, billed or given
    :raises PriceNotInCurrency: if a price on sale has too many decimals
    :raises UnknownWay: if a currency, time zone or locale isn't known
    """
    location = lock_location(location)
    refuse_stale(location, PLACE, seen)
    former_zone, former_currency = location.time_zone, location.currency
    changed = former_currency != values["currency"]
    if changed:
        _refuse_fixed_currency(location)
    check_ways(**{name: values[name] for name in ("currency", "time_zone", "locale")})
    write_settings(location, values, action="location changed", by=by, at=at)
    if changed:
        _carry_prices(location, former=former_currency)
    if location.time_zone != former_zone:
        rebuild_months(location=location)
    return location


def _refuse_fixed_currency(location: Location) -> None:
    # Buyers lock themselves first and read the currency then: nobody buys in the old one now.
    list(Member.objects.select_for_update(no_key=True).filter(location=location).order_by("pk"))
    # Who opens a bill, with a plan or by hand, locks the customer.
    list(Customer.objects.select_for_update(no_key=True).filter(location=location).order_by("pk"))
    if is_currency_fixed(location):
        raise CurrencyFixed


def _carry_prices(location: Location, *, former: str) -> None:
    if exponent(former) == exponent(location.currency):
        return
    for rows in (CreditOption.objects, Plan.objects):
        priced: list[CreditOption | Plan] = list(rows.all())
        for row in priced:
            try:
                row.price_minor = to_minor(to_major(row.price_minor, former), location.currency)
            except AmountTooPrecise as refusal:
                raise PriceNotInCurrency(row, currency=location.currency) from refusal
        rows.bulk_update(priced, ["price_minor"])  # type: ignore[arg-type]
