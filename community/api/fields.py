"""How the API writes credits and money."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from community.money import format_money

FAR = 2200  # years from here on are refused
MAX_CREDITS = Decimal("9999999999.99")


@dataclass(frozen=True)
class Money:
    """An amount as the API gives it: minor units, currency, and as a person reads it."""

    amount_minor: int
    currency: str

    @property
    def formatted(self) -> str:
        return format_money(self.amount_minor, self.currency)


class MoneyField(serializers.Serializer[Money]):
    """Money: `amount_minor` counts cents, or whatever the currency's smallest unit is."""

    amount_minor = serializers.IntegerField()
    currency = serializers.CharField()
    formatted = serializers.CharField()


class AmountField(MoneyField):
    """Money that a row keeps as minor units in one column, its currency in another."""

    def __init__(self, column: str, *, currency: str = "currency", **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)
        self.column, self.path = column, currency.split(".")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        currency = instance
        for name in self.path:
            currency = getattr(currency, name)
        return dict(super().to_representation(Money(getattr(instance, self.column), currency)))


def refuse_far_days(day: date) -> None:
    """See that calendars have the day: near the last year that there is, no zone can show it.

    :raises rest_framework.serializers.ValidationError: from the year 2200 on
    """
    if day.year >= FAR:
        raise serializers.ValidationError(f"Choose a day before the year {FAR}.", code="too_late")


class CreditsField(serializers.DecimalField):
    """Credits: a decimal string with two places, as `"2.50"`."""

    def __init__(self, *, positive: bool = False, **kwargs: Any) -> None:
        if positive:
            kwargs |= {"min_value": Decimal("0.01"), "max_value": MAX_CREDITS}
        super().__init__(max_digits=12, decimal_places=2, **kwargs)


class TextField(serializers.CharField):
    """Words without control characters."""

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if not text.isprintable():
            raise serializers.ValidationError("No control characters.", code="not_printable")
        return text
