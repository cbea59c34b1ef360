"""Finding rows by what people know: a name, an e-mail, a number, an amount, a reference.

Each word is looked up where an index answers; people and companies first, then their rows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from community.desk.access import Desk
from community.models import Customer, Location
from community.money import AmountTooPrecise, to_minor

MOST_CUSTOMERS = 500
MOST_OF_A_LOOKUP = 500
_AMOUNT = re.compile(r"[-−]?\D{0,3}?(\d{1,12}(?:[.,]\d{1,3})?)\D{0,4}")


@dataclass(frozen=True)
class Finding:
    """Where a list looks: lookups to the customer, exact texts, exact UUIDs, and amounts."""

    customer: str = ""
    exact: tuple[str, ...] = ()
    uuids: tuple[str, ...] = ()
    minor: str = ""  # an amount in minor units, of the row's `currency`
    credits: str = ""
    # The keys of rows that something else leads to, which may lead there several times.
    elsewhere: Callable[[str], "QuerySet[Any, Any]"] | None = None

    def among(self, rows: "QuerySet[Any]", words: str, desk: Desk) -> "QuerySet[Any]":
        """Narrow the rows. What leads elsewhere is looked up first: a join keeps no index."""
        found = Q(pk__in=self._keys(rows.order_by(), words))
        if self.customer and (customers := _customers(words)):
            found |= Q(**{f"{self.customer}__in": customers})
        if (amount := _amount(words)) is not None:
            found |= self._of(amount, desk)
        return rows.filter(found)

    def _keys(self, rows: "QuerySet[Any]", words: str) -> set[int]:
        asked: list[dict[str, Any]] = [{lookup: words} for lookup in self.exact]
        if self.elsewhere:
            asked.append({"pk__in": self.elsewhere(words)})
        if (key := _uuid(words)) is not None:
            asked += [{lookup: key} for lookup in self.uuids]
        return {
            key
            for facts in asked
            for key in rows.filter(**facts).values_list("pk", flat=True)[:MOST_OF_A_LOOKUP]
        }

    def _of(self, amount: Decimal, desk: Desk) -> Q:
        found = Q(pk__in=[])
        if self.credits:
            found |= Q(**{f"{self.credits}__in": [amount, -amount]})
        if self.minor:
            for currency in _currencies(desk):
                try:
                    minor = to_minor(amount, currency)
                except AmountTooPrecise:
                    continue
                found |= Q(**{self.minor: minor}, currency=currency)
        return found


def _customers(words: str) -> list[int]:
    who = (
        Q(member__user__email__icontains=words)
        | Q(member__user__name__icontains=words)
        | Q(company__name__icontains=words)
    )
    return list(Customer.objects.filter(who).values_list("pk", flat=True)[:MOST_CUSTOMERS])


def _currencies(desk: Desk) -> set[str]:
    if desk.is_operator:
        return set(Location.objects.values_list("currency", flat=True).distinct())
    return {location.currency for location in desk.locations}


def _amount(words: str) -> Decimal | None:
    match = _AMOUNT.fullmatch(words)
    return Decimal(match[1].replace(",", ".")) if match and match[1].isascii() else None


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
