"""Filters of the admin's lists."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.db.models import DateTimeField, Model, QuerySet
from django.http import HttpRequest
from django.utils.timezone import get_current_timezone
from unfold.contrib.filters.admin import RangeDateFilter

from community.desk.access import desk_behind
from community.models import Location


class LocationFilter(RelatedFieldListFilter):
    """By location, of those that are theirs."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[Any, Any]]:
        desk = desk_behind(request)
        locations = Location.objects.order_by("name", "pk") if desk.is_operator else desk.locations
        return [(location.pk, location.name) for location in locations]


class DayRange(RangeDateFilter):  # type: ignore[misc]
    """From one day to another, both included. What is no day filters nothing."""

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Model]") -> "QuerySet[Model]":
        first, last = (self._day(end) for end in ("from", "to"))
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": self._start(first)})
        if last and last < date.max:
            after = self._start(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field_path}__lt": after})
        return queryset

    def _day(self, end: str) -> date | None:
        try:
            return date.fromisoformat(self.used_parameters.get(f"{self.field_path}_{end}") or "")
        except ValueError:
            return None

    def _start(self, day: date) -> date | datetime:
        if isinstance(self.field, DateTimeField):
            return datetime.combine(day, time.min, get_current_timezone())
        return day
