"""How lists are narrowed: by whose they are, and by when."""

import django_filters
from django import forms


class IdFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A row's number: whole, so that 1.5 is nobody's."""

    field_class = forms.IntegerField


class OfCustomer(django_filters.FilterSet):  # type: ignore[misc]
    customer = IdFilter(field_name="customer_id")


class OfWallet(django_filters.FilterSet):  # type: ignore[misc]
    customer = IdFilter(field_name="wallet__customer_id")


def not_before(field: str) -> django_filters.IsoDateTimeFilter:
    return django_filters.IsoDateTimeFilter(field_name=field, lookup_expr="gte")


def before(field: str) -> django_filters.IsoDateTimeFilter:
    return django_filters.IsoDateTimeFilter(field_name=field, lookup_expr="lt")
