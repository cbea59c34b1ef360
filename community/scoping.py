"""The tenant wall: a query of a tenant's rows without an active location raises."""

from typing import Any, TypeVar

from django.db import models
from django_scopes import ScopedManager

M = TypeVar("M", bound="models.Manager[Any]")


def scoped(manager: type[M], *, location: str = "location") -> M:
    """Build the manager of a tenant model.

    :param location: lookup from the model to its location
    """
    built: M = ScopedManager(_manager_class=manager, location=location)
    return built
