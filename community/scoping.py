"""The tenant wall: a query of a tenant's rows without an active location raises."""

from typing import Any, TypeVar

from django.db import models
from django_scopes import ScopedManager

Q = TypeVar("Q", bound="models.QuerySet[Any]")


def scoped(queryset: type[Q], *, location: str = "location") -> Q:
    """The manager of a tenant model; it has the queryset's methods.

    Typed as the queryset itself, since that is what every chain on it starts with.

    :param location: lookup from the model to its location
    """
    manager: Q = ScopedManager(
        _manager_class=models.Manager.from_queryset(queryset), location=location
    )
    return manager
