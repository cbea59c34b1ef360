"""Columns of the admin's lists that a file holds as numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from community.money import format_money, to_major


@dataclass(frozen=True)
class Amount:
    """Where a row has an amount in minor units, and its currency."""

    minor: str
    currency: str

    def words(self, row: Any) -> str:
        return format_money(attrgetter(self.minor)(row), self.currency_of(row))

    def major(self, row: Any) -> Decimal:
        return to_major(attrgetter(self.minor)(row), self.currency_of(row))

    def currency_of(self, row: Any) -> str:
        found: str = attrgetter(self.currency)(row)
        return found


def money_column(
    minor: str, label: Any, *, currency: str = "currency"
) -> Callable[[Any, Any], str]:
    """A column in the reader's words on pages; in files a number, with the currency beside it."""
    amount = Amount(minor, currency)

    def column(_page: Any, row: Any) -> str:
        return amount.words(row)

    column.short_description = label  # type: ignore[attr-defined]
    column.amount = amount  # type: ignore[attr-defined]
    return column
