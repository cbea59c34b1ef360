"""Who runs a location and who helps there. A location keeps at least one admin."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Location, Role, User
from community.services.audit import record_audit
from community.services.settings import lock_location


class LastAdmin(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("A location keeps at least one admin. Make somebody else an admin first."),
            code="last_admin",
        )


class NoLongerAdmin(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("You are no longer an admin of this location. Nothing was changed."),
            code="no_longer_admin",
        )


class NotInTheTeam(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This person has left the team already."), code="not_in_the_team")


@transaction.atomic
def change_role(*, location: Location, user: User, kind: Role.Kind, by: User, at: datetime) -> None:
    """Make somebody of the team an admin or staff, from their next request on.

    :raises LastAdmin: if the location would have no admin
    :raises NoLongerAdmin, NotInTheTeam: read under lock
    """
    role = _lock_role(location, user, by=by)
    if role.kind == kind:
        return
    if kind != Role.Kind.ADMIN:
        _refuse_last_admin(role)
    before, role.kind = role.kind, kind
    role.save(update_fields=["kind"])
    _audit("role changed", role, before={"role": before}, after={"role": kind}, by=by, at=at)


@transaction.atomic
def remove_from_team(*, location: Location, user: User, by: User, at: datetime) -> None:
    """Take somebody's role, from their next request on; a membership stays.

    :raises LastAdmin: if the location would have no admin
    :raises NoLongerAdmin, NotInTheTeam: read under lock
    """
    role = _lock_role(location, user, by=by)
    _refuse_last_admin(role)
    _audit("removed from the team", role, before={"role": role.kind}, by=by, at=at)
    role.delete()


def _lock_role(location: Location, user: User, *, by: User) -> Role:
    # The location's row orders all changes of its team: two admins can't remove each other.
    lock_location(location)
    roles = Role.objects.filter(location=location)
    if not roles.filter(user=by, kind=Role.Kind.ADMIN).exists():
        raise NoLongerAdmin
    role = roles.filter(user=user).first()
    if role is None:
        raise NotInTheTeam
    return role


def _refuse_last_admin(role: Role) -> None:
    if role.kind != Role.Kind.ADMIN:
        return
    others = Role.objects.filter(
        location_id=role.location_id, kind=Role.Kind.ADMIN, user__is_active=True
    ).exclude(pk=role.pk)
    if not others.exists():
        raise LastAdmin


def _audit(
    action: str,
    role: Role,
    *,
    before: dict[str, str],
    after: dict[str, str] | None = None,
    by: User,
    at: datetime,
) -> None:
    record_audit(
        location=role.location,
        by=by,
        action=action,
        subject=f"user {role.user_id}",
        at=at,
        before=before,
        after=after,
    )
