"""Revenue as tables: the one under the chart, and those to take away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from analytics.models import Source
from analytics.selectors import Part, Revenue
from analytics.wording import method_words
from community.money import round_half_up, to_major

TELLING_PERCENT = 1000  # the year before had hardly begun

Rows = Iterator[Sequence[object]]


@dataclass(frozen=True)
class MonthRow:
    """A month of the table under the chart; amounts in minor units."""

    month: date
    sources: tuple[int, ...]
    total_minor: int
    before_minor: int

    @property
    def named(self) -> list[tuple[str, int]]:
        """Each source's name with its amount."""
        return list(zip([str(label) for label in Source.labels], self.sources, strict=True))

    @property
    def change_percent(self) -> int | None:
        return change_percent(self.total_minor, self.before_minor)


def change_percent(now_minor: int, before_minor: int) -> int | None:
    """By how much it is more than the year before; None where that says nothing."""
    if before_minor <= 0:
        return None
    percent = round_half_up(Decimal(now_minor - before_minor) * 100 / before_minor)
    return percent if percent < TELLING_PERCENT else None


def month_rows(revenue: Revenue) -> list[MonthRow]:
    """The newest first."""
    sources = zip(*(source.months for source in revenue.sources), strict=True)
    columns = zip(revenue.months, sources, revenue.totals, revenue.before, strict=True)
    return [MonthRow(*row) for row in columns][::-1]


def source_table(revenue: Revenue, *, currency: str) -> Rows:
    """Month by month as under the chart, and the year before."""
    sources = [str(Source(part.name).label) for part in revenue.sources]
    yield [_("Month"), *sources, _("Total"), _("Year before"), _("Currency")]
    for row in reversed(month_rows(revenue)):
        amounts = (*row.sources, row.total_minor, row.before_minor)
        yield [_iso(row.month), *(to_major(minor, currency) for minor in amounts), currency]


def method_table(revenue: Revenue, *, currency: str) -> Rows:
    names = [method_words(part.name) for part in revenue.methods]
    return _part_table(revenue, revenue.methods, names, currency=currency)


def option_table(revenue: Revenue, *, currency: str) -> Rows:
    names = [part.name for part in revenue.options]
    return _part_table(revenue, revenue.options, names, currency=currency)


def _part_table(
    revenue: Revenue, parts: Sequence[Part], names: Sequence[str], *, currency: str
) -> Rows:
    yield [_("Month"), *names, _("Total"), _("Currency")]
    for place, month in enumerate(revenue.months):
        amounts = [part.months[place] for part in parts]
        cells = [to_major(minor, currency) for minor in (*amounts, sum(amounts))]
        yield [_iso(month), *cells, currency]


def _iso(month: date) -> str:
    return f"{month:%Y-%m}"
