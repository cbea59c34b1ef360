"""What a location earned, by month, and how it divides up."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta

from analytics.models import Source
from analytics.services import months_between
from analytics.statements import select_months

YEAR = relativedelta(years=1)


@dataclass(frozen=True)
class Cell:
    """The net sales of one month, source, method and option (of credits), in minor units."""

    month: date
    source: str
    method: str
    option: str
    net_minor: int
    lines: int


@dataclass(frozen=True)
class Part:
    """What one source, method or option earned in each month and together."""

    name: str
    months: tuple[int, ...]
    lines: int

    @property
    def net_minor(self) -> int:
        return sum(self.months)


@dataclass(frozen=True)
class Revenue:
    """Net sales of a span of months, and of the same months a year before."""

    months: tuple[date, ...]
    cells: tuple[Cell, ...]
    before: tuple[int, ...]
    methods: tuple[Part, ...]
    options: tuple[Part, ...]

    @property
    def sources(self) -> tuple[Part, ...]:
        """Credits, Plans and Other, whether they earned something or not."""
        return tuple(self._part(source, _by_source) for source in Source.values)

    @property
    def totals(self) -> tuple[int, ...]:
        return _sums(self.months, self.cells)

    @property
    def lines(self) -> int:
        return sum(cell.lines for cell in self.cells)

    def _part(self, name: str, cut: "Cut") -> Part:
        return _part(name, [cell for cell in self.cells if cut(cell) == name], self.months)


Cut = Callable[[Cell], str]


def _by_source(cell: Cell) -> str:
    return cell.source


def _by_method(cell: Cell) -> str:
    return cell.method


def _by_option(cell: Cell) -> str:
    return cell.option


def revenue_by_source(
    *, location_id: int, first: date, last: date, method: str = "", option: str = ""
) -> Revenue:
    """Read the months from `first` to `last`, of one method or option of credits if named.

    The parts by method are those of all methods, and likewise by option: one compares there.
    """
    rows = select_months(location_id=location_id, first=first - YEAR, last=last)
    cells = [Cell(*row) for row in rows]
    months = tuple(months_between(first, last))
    of_method = [cell for cell in cells if method in {"", cell.method}]
    of_option = [cell for cell in cells if option in {"", cell.option}]
    wanted = [cell for cell in of_method if option in {"", cell.option}]
    return Revenue(
        months=months,
        cells=tuple(cell for cell in wanted if first <= cell.month <= last),
        before=_sums([month - YEAR for month in months], wanted),
        methods=_parts(of_option, _by_method, months),
        options=_parts([cell for cell in of_method if cell.option], _by_option, months),
    )


def _parts(cells: Iterable[Cell], cut: Cut, months: Sequence[date]) -> tuple[Part, ...]:
    """By name, the one that earned most first."""
    named = defaultdict(list)
    for cell in cells:
        if months[0] <= cell.month <= months[-1]:
            named[cut(cell)].append(cell)
    parts = [_part(name, found, months) for name, found in named.items()]
    return tuple(sorted(parts, key=lambda part: (-part.net_minor, part.name)))


def _part(name: str, cells: Sequence[Cell], months: Sequence[date]) -> Part:
    return Part(name, _sums(months, cells), sum(cell.lines for cell in cells))


def _sums(months: Sequence[date], cells: Iterable[Cell]) -> tuple[int, ...]:
    sums = dict.fromkeys(months, 0)
    for cell in cells:
        if cell.month in sums:
            sums[cell.month] += cell.net_minor
    return tuple(sums.values())
