"""Tables of a location to take away: its members, and all customers with their balances."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django_scopes import scope

from billing.services import details_of
from community.models import Customer, Location, User
from community.money import to_major
from community.services import record_audit
from credits.models import Lot
from payments.models import Transaction

CHUNK = 500
Rows = Iterator[list[str]]


@dataclass(frozen=True)
class Export:
    """A table by its name: the headings, and how a customer becomes a row."""

    headings: Callable[[], list[str]]
    customers: Callable[[], QuerySet[Customer]]
    row: Callable[[Customer, Location], list[str]]


@transaction.atomic
def record_export(*, location: Location, what: str, by: User, at: datetime) -> None:
    """Keep who took people's data away."""
    record_audit(
        location=location,
        by=by,
        action=f"{what} exported",
        subject=f"location {location.pk}",
        at=at,
    )


def export_rows(what: str, *, location: Location) -> Rows:
    """Give the headings, then row by row, as text.

    It opens the location itself: a streamed answer is read after the request has ended.
    """
    export = EXPORTS[what]
    yield export.headings()
    with scope(location=location):
        customers = export.customers().filter(location=location).order_by("pk")
        for customer in customers.iterator(chunk_size=CHUNK):
            yield export.row(customer, location)


def _people() -> QuerySet[Customer]:
    people: QuerySet[Customer] = Customer.objects.filter(member__isnull=False).with_who()
    return people.select_related("billing_details")


def _everyone() -> QuerySet[Customer]:
    everyone: QuerySet[Customer] = Customer.objects.all().with_who()
    return everyone


def _paying() -> QuerySet[Customer]:
    paid = Q(transactions__state=Transaction.State.SUCCEEDED)
    return (
        _everyone()
        .select_related("billing_details")
        .annotate(
            paid_minor=Sum("transactions__amount_minor", filter=paid),
            last_paid_at=Max("transactions__settled_at", filter=paid),
        )
    )


def _holding() -> QuerySet[Customer]:
    lots = Lot.objects.all().not_empty().in_spending_order()
    return _everyone().select_related("wallet").prefetch_related(Prefetch("wallet__lots", lots))


def _member_row(customer: Customer, location: Location) -> list[str]:
    member = customer.member
    assert member
    return [
        customer.email,
        customer.name,
        member.state,
        _day(member.joined_at, location),
        details_of(customer).vat_number,
    ]


def _customer_row(customer: Customer, location: Location) -> list[str]:
    return [
        str(customer.pk),
        customer.email,
        customer.name,
        f"{to_major(customer.paid_minor or 0, location.currency):f}",  # type: ignore[attr-defined]
        location.currency,
        _day(customer.last_paid_at, location),  # type: ignore[attr-defined]
        details_of(customer).vat_number,
    ]


def _balance_row(customer: Customer, location: Location) -> list[str]:
    wallet = getattr(customer, "wallet", None)
    lots = list(wallet.lots.all()) if wallet else []
    lapsing = [lot for lot in lots if lot.lapses_at]
    return [
        customer.email,
        customer.name,
        _number(wallet.balance if wallet else Decimal(0)),
        _number(sum((lot.remaining for lot in lots if not lot.lapses_at), Decimal(0))),
        _day(lapsing[0].lapses_at, location) if lapsing else "",
        "; ".join(_lot(lot, location) for lot in lots),
    ]


def _lot(lot: Lot, location: Location) -> str:
    if lot.lapses_at is None:
        return _("%(credits)s for good") % {"credits": _number(lot.remaining)}
    until = lot.lapses_at.astimezone(location.zone).isoformat(timespec="minutes")
    return _("%(credits)s until %(time)s") % {"credits": _number(lot.remaining), "time": until}


def _number(credits: Decimal) -> str:
    return f"{credits.normalize():f}"


def _day(moment: datetime | None, location: Location) -> str:
    return moment.astimezone(location.zone).date().isoformat() if moment else ""


EXPORTS = {
    "members": Export(
        lambda: [_("Email"), _("Name"), _("State"), _("Start"), _("VAT number")],
        _people,
        _member_row,
    ),
    "customers": Export(
        lambda: [
            _("Customer"),
            _("Email"),
            _("Name"),
            _("Paid"),
            _("Currency"),
            _("Last payment"),
            _("VAT number"),
        ],
        _paying,
        _customer_row,
    ),
    "balances": Export(
        lambda: [
            _("Email"),
            _("Name"),
            _("Credits"),
            _("Permanent"),
            _("Next lapse"),
            _("Lots"),
        ],
        _holding,
        _balance_row,
    ),
}
