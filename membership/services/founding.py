"""How a location begins: with its first admin, by a one-time link or by an operator."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from community.models import Location, Role, SetupLink, User
from community.services import open_location, record_audit


class SetupLinkUnknown(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This set-up link isn't valid. Each start of Deskmint prints a new one."),
            code="setup_link_unknown",
        )


class SetupLinkUsed(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This set-up link was used: Deskmint has its first location. Sign in instead."),
            code="setup_link_used",
        )


class EmailKnown(ValidationError):
    def __init__(self) -> None:
        words = ValidationError(
            _("There is an account with this email address already."), code="email_known"
        )
        super().__init__({"email": words})


@dataclass(frozen=True)
class NewPlace:
    """What a location is asked for before it opens."""

    name: str
    slug: str
    currency: str
    time_zone: str
    locale: str = "en"
    tax_name: str = ""
    tax_percent: Decimal = Decimal(0)
    tax_included: bool = False


@dataclass(frozen=True)
class NewPerson:
    """Someone who gets an account. Without a password they choose one by email."""

    name: str
    email: str
    password: str | None = None


def awaits_founding() -> bool:
    """Whether nobody runs any location of this installation yet."""
    return not Role.objects.filter(kind=Role.Kind.ADMIN).exists()


@transaction.atomic
def issue_setup_link(*, token: str, at: datetime) -> None:
    """Let whoever holds the token found the first location; earlier tokens are void."""
    SetupLink.objects.filter(used_at=None).delete()
    SetupLink.objects.create(token_hash=_hashed(token), created_at=at)


def check_setup_link(*, token: str) -> None:
    """See that the link still opens.

    :raises SetupLinkUnknown: if it was never given, or replaced by a newer one
    :raises SetupLinkUsed: if the installation has its location
    """
    _check(SetupLink.objects.filter(token_hash=_hashed(token)).first())


@transaction.atomic
def found_installation(*, token: str, person: NewPerson, place: NewPlace, at: datetime) -> Location:
    """Use the link up: make the first admin and the first location, once.

    :raises SetupLinkUnknown, SetupLinkUsed: also if another browser was quicker
    :raises ValidationError: as `register_person` and `open_location`
    """
    link = (
        SetupLink.objects.select_for_update(no_key=True).filter(token_hash=_hashed(token)).first()
    )
    link = _check(link)
    location = found_location(place=place, admin=register_person(person), at=at)
    link.used_at = at
    link.save(update_fields=["used_at"])
    return location


@transaction.atomic
def found_location(*, place: NewPlace, admin: User, at: datetime) -> Location:
    """Open a location that this user runs.

    :raises ValidationError: as `open_location`
    """
    location = open_location(**asdict(place), by=admin, at=at)
    with scope(location=location):
        give_role(location=location, user=admin, kind=Role.Kind.ADMIN, by=admin, at=at)
    return location


@transaction.atomic
def give_role(
    *, location: Location, user: User, kind: Role.Kind, by: User | None, at: datetime
) -> None:
    """Let a user help at a location that is just being opened."""
    Role.objects.create(user=user, location=location, kind=kind)
    record_audit(
        location=location,
        by=by,
        action=f"{kind} added",
        subject=f"user {user.pk}",
        at=at,
    )


@transaction.atomic
def register_person(person: NewPerson) -> User:
    """Make an account for a person who has none.

    :raises EmailKnown: if they have one
    :raises ValidationError: on `password`, if it is too easy; on `email`, if it is no address
    """
    user = User(email=person.email.strip().lower(), name=person.name)
    if person.password is not None:
        try:
            validate_password(person.password, user)
        except ValidationError as weak:
            raise ValidationError({"password": weak}) from weak
    user.set_password(person.password)
    user.clean_fields(exclude=["password"])
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as known:
        raise EmailKnown from known
    return user


def _check(link: SetupLink | None) -> SetupLink:
    if link is None:
        raise SetupLinkUnknown
    if link.used_at or not awaits_founding():
        raise SetupLinkUsed
    return link


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
