"""Whose rows somebody sees in the admin: an operator's all, a team member's their locations'."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from community.models import Location, Role, User
from community.principals import Principal


@dataclass(frozen=True)
class Desk:
    """A user's standing in the admin, read once per request."""

    user_id: int
    is_operator: bool = False
    roles: dict[int, str] = field(default_factory=dict)  # by the id of the location
    locations: tuple[Location, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.is_operator or bool(self.roles)

    def principal_at(self, location_id: int) -> Principal:
        """As whom they act at a location: the operator as its admins."""
        role = "admin" if self.is_operator else self.roles[location_id]
        return Principal(user_id=self.user_id, location_id=location_id, role=role)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """See what is theirs. Who works at one location reads its clock."""
        if self.is_operator:
            with scopes_disabled():
                yield
            return
        zone = self.locations[0].zone if len(self.locations) == 1 else None
        with scope(location=list(self.roles)), timezone.override(zone):
            yield


def desk_of(user: User) -> Desk:
    if not user.is_active:
        return Desk(user.pk)
    roles = Role.objects.filter(user=user).select_related("location").order_by("pk")
    return Desk(
        user.pk,
        is_operator=user.is_superuser,
        roles={role.location_id: role.kind for role in roles},
        locations=tuple(role.location for role in roles),
    )


def desk_behind(request: HttpRequest) -> Desk:
    """The desk that the middleware has opened."""
    desk: Desk = request.desk  # type: ignore[attr-defined]
    return desk


@contextmanager
def at_location(location: Location) -> Iterator[Location]:
    """Open the one location in which something is done."""
    with scope(location=location), timezone.override(location.zone):
        yield location
