from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _

from billing.models import (
    Bill,
    BillingDetails,
    BillItem,
    BillPayment,
    CreditNoteLine,
    ReceiptLine,
)

Line = BillItem | CreditNoteLine | ReceiptLine
LEFT = F("total_minor") - F("credited_minor")
TO_PAY = LEFT - F("paid_minor")


@dataclass(frozen=True)
class Figure:
    """How much a number of bills comes to, in minor units."""

    total_minor: int
    bills: int


@dataclass(frozen=True)
class BillFigures:
    """What a location's customers owe, are running up, and paid in a month."""

    overdue: Figure
    due: Figure
    open: Figure
    paid: Figure


def bill_figures(*, today: date) -> BillFigures:
    """Sum up the bills of the location in scope, and what was paid since the first of the month."""
    late = Q(state=Bill.State.ISSUED, due_on__lt=today)
    parts = {
        "overdue": late,
        "due": Q(state=Bill.State.ISSUED) & ~late,
        "open": Q(state=Bill.State.ACTIVE),
    }
    running = Bill.objects.filter(state__in=[Bill.State.ACTIVE, Bill.State.ISSUED])
    found = running.aggregate(
        **{f"{name}_minor": Sum(TO_PAY, filter=part) for name, part in parts.items()},
        **{f"{name}_bills": Count("pk", filter=part) for name, part in parts.items()},
    )
    first = today.replace(day=1)
    paid = BillPayment.objects.filter(
        paid_on__gte=first, paid_on__lt=first + relativedelta(months=1)
    ).aggregate(total=Sum("amount_minor"), bills=Count("bill", distinct=True))
    figures = {
        name: Figure(found[f"{name}_minor"] or 0, found[f"{name}_bills"] or 0) for name in parts
    }
    return BillFigures(**figures, paid=Figure(paid["total"] or 0, paid["bills"]))


def figure_of(bills: "QuerySet[Bill]") -> Figure:
    """What a list of bills comes to, without what was credited, or is paid of one that is due."""
    left = Case(When(state=Bill.State.ISSUED, then=TO_PAY), default=LEFT)
    found = bills.aggregate(total=Sum(left), bills=Count("pk"))
    return Figure(found["total"] or 0, found["bills"])


@dataclass(frozen=True)
class TaxRate:
    """What a document has of one tax, in minor units."""

    name: str
    percent: Decimal
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def tax_rates(lines: Iterable[Line]) -> list[TaxRate]:
    """Sum up a document's lines by tax rate, the highest first."""
    rates: dict[tuple[Decimal, str], tuple[int, int]] = {}
    for line in lines:
        net, tax = rates.get((line.tax_percent, line.tax_name), (0, 0))
        rates[line.tax_percent, line.tax_name] = (net + line.net_minor, tax + line.tax_minor)
    return [
        TaxRate(name, percent, *rates[percent, name])
        for percent, name in sorted(rates, reverse=True)
    ]


def exemptions_of(lines: Iterable[Line]) -> list[str]:
    """Why a document's lines carry no tax, each reason once, in the language that is on."""
    reasons = dict.fromkeys(line.exemption for line in lines if line.exemption)
    return [exemption_words(reason) for reason in reasons]


def exemption_words(exemption: str) -> str:
    """The sentence that the law wants for a reverse charge; other reasons are words already."""
    if exemption == BillingDetails.Exemption.REVERSE_CHARGE:
        return _("Reverse charge: VAT is to be accounted for by the recipient.")
    return exemption
