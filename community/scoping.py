"""The tenant wall: a query of a tenant's rows without an active location raises."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django_scopes import ScopedManager

from community.principals import Principal

M = TypeVar("M", bound="models.Manager[Any]")
Row = TypeVar("Row", bound=models.Model)


def scoped(manager: type[M], *, location: str = "location") -> M:
    """Build the manager of a tenant model.

    :param location: lookup from the model to its location
    """
    built: M = ScopedManager(_manager_class=manager, location=location)
    return built


class OwnedQuerySet(models.QuerySet[Row]):
    """Rows that are a customer's."""

    owner: ClassVar[str] = "customer_id"  # lookup from the row

    def visible_to(self, principal: Principal) -> Self:
        """Staff see all of their location, others their own and their managed companies'."""
        here = self.filter(location_id=principal.location_id)
        if principal.is_staff:
            return here
        return here.filter(**{f"{self.owner}__in": principal.own_customer_ids})
