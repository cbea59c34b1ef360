"""Finding rows by what people know: a name, an email, a number, an amount, a reference.

Each word is looked up where an index answers; people and companies first, then their rows.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.desk.access import Desk
from community.models import Customer, Location, User
from community.money import AmountTooPrecise, to_minor

MOST_OF_A_LOOKUP = 500
_AMOUNT = re.compile(r"[-−]?\D{0,3}?(\d{1,12}(?:[.,]\d{1,3})?)\D{0,4}")


class TooManyFound(ValidationError):
    """A search leads to more than is looked up: what it gives is not all."""

    def __init__(self) -> None:
        super().__init__(
            _("More than %(most)d match: narrow the search."),
            code="too_many_found",
            params={"most": MOST_OF_A_LOOKUP},
        )


@dataclass(frozen=True)
class Found:
    """The rows, and whether they are all: what leads to too many is followed in part."""

    rows: "QuerySet[Any]"
    is_all: bool


@dataclass(frozen=True)
class Finding:
    """Where a list looks: lookups to customer and user, exact texts, exact UUIDs, and amounts."""

    customer: str = ""
    user: str = ""
    exact: tuple[str, ...] = ()
    uuids: tuple[str, ...] = ()
    minor: str = ""  # an amount in minor units, of the row's `currency`
    credits: str = ""
    # The keys of rows that something else leads to, which may lead there several times.
    elsewhere: Callable[[str], "QuerySet[Any, Any]"] | None = None

    def among(self, rows: "QuerySet[Any]", words: str, desk: Desk) -> Found:
        """Narrow the rows. What leads elsewhere is looked up first: a join keeps no index."""
        lookups = [("pk", it) for it in self._lookups(rows.order_by("-pk"), words)]
        if self.customer:
            lookups.append((self.customer, _customers(words)))
        if self.user:
            lookups.append((self.user, _users(words)))
        found, is_all = Q(pk__in=[]), True
        for name, asked in lookups:
            keys = list(asked.values_list("pk", flat=True)[: MOST_OF_A_LOOKUP + 1])
            found |= Q(**{f"{name}__in": keys[:MOST_OF_A_LOOKUP]})
            is_all = is_all and len(keys) <= MOST_OF_A_LOOKUP
        if (amount := _amount(words)) is not None:
            found |= self._of(amount, desk)
        return Found(rows.filter(found), is_all)

    def _lookups(self, rows: "QuerySet[Any]", words: str) -> "list[QuerySet[Any]]":
        asked: list[dict[str, Any]] = [{lookup: words} for lookup in self.exact]
        if self.elsewhere:
            asked.append({"pk__in": self.elsewhere(words)})
        if (key := _uuid(words)) is not None:
            asked += [{lookup: key} for lookup in self.uuids]
        return [rows.filter(**facts) for facts in asked]

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


def found_all(request: HttpRequest) -> bool:
    """Whether the request's search, if it has any, led to all that it matches."""
    return getattr(request, "found_all", True)


def _customers(words: str) -> "QuerySet[Customer]":
    who = (
        Q(member__user__email__icontains=words)
        | Q(member__user__name__icontains=words)
        | Q(company__name__icontains=words)
    )
    customers: QuerySet[Customer] = Customer.objects.filter(who).order_by("-pk")
    return customers


def _users(words: str) -> "QuerySet[User]":
    who = Q(email__icontains=words) | Q(name__icontains=words)
    return User.objects.filter(who).order_by("-pk")


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
