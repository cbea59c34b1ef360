from datetime import datetime
from decimal import Decimal
from zoneinfo import available_timezones

from babel import UnknownLocaleError
from babel.core import Locale
from babel.numbers import is_currency
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from community.models import Location, User
from community.services.audit import record_audit

# First parts of addresses that Deskmint serves itself, now or by a name it may want.
RESERVED_SLUGS = frozenset(
    "account accounts admin api docs favicon.svg health invitations join livez logos"  # noqa: SIM905
    " manifest manifest.webmanifest media me metrics readyz robots.txt setup static sw.js"
    " unsubscribe webhooks well-known".split()
)


class AddressReserved(ValidationError):
    def __init__(self, *, slug: str) -> None:
        words = ValidationError(
            _("/%(slug)s/ is an address of Deskmint itself. Choose another."),
            code="address_reserved",
            params={"slug": slug},
        )
        super().__init__({"slug": words})


class AddressTaken(ValidationError):
    def __init__(self, *, slug: str) -> None:
        words = ValidationError(
            _("Another location has the address /%(slug)s/. Choose another."),
            code="address_taken",
            params={"slug": slug},
        )
        super().__init__({"slug": words})


class UnknownWay(ValidationError):
    """A currency, time zone or locale that the world doesn't know."""

    def __init__(self, *, field: str, value: str) -> None:
        words = {
            "currency": _("%(value)s is no currency of ISO 4217, like EUR."),
            "time_zone": _("%(value)s is no time zone, like Europe/Berlin."),
            "locale": _("%(value)s is no locale, like en or de-AT."),
        }
        refusal = ValidationError(
            words[field], code=f"unknown_{field}", params={"value": value[:50]}
        )
        super().__init__({field: refusal})


@transaction.atomic
def open_location(
    *,
    name: str,
    slug: str,
    currency: str,
    time_zone: str,
    tax_name: str,
    tax_percent: Decimal,
    tax_included: bool,
    at: datetime,
    locale: str = "en",
    by: User | None = None,
) -> Location:
    """Make a location, yet without people.

    :raises AddressReserved, AddressTaken: if it can't be reached at its slug
    :raises UnknownWay: if its currency, time zone or locale isn't known
    :raises ValidationError: if its slug is no slug, or its tax no percentage
    """
    check_ways(currency=currency, time_zone=time_zone, locale=locale)
    if slug in RESERVED_SLUGS:
        raise AddressReserved(slug=slug)
    location = Location(
        name=name,
        slug=slug,
        currency=currency,
        time_zone=time_zone,
        locale=locale,
        tax_name=tax_name,
        tax_percent=tax_percent,
        tax_included=tax_included,
    )
    location.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            location.save(force_insert=True)
    except IntegrityError as rival:
        raise AddressTaken(slug=slug) from rival
    with scope(location=location):
        record_audit(
            location=location,
            by=by,
            action="location opened",
            subject=f"location {location.pk}",
            at=at,
        )
    return location


def check_ways(*, currency: str, time_zone: str, locale: str) -> None:
    """See that the world knows them.

    :raises UnknownWay: for the first that it doesn't
    """
    if not is_currency(currency):
        raise UnknownWay(field="currency", value=currency)
    if time_zone not in available_timezones():
        raise UnknownWay(field="time_zone", value=time_zone)
    try:
        Locale.parse(locale, sep="-")
    except (UnknownLocaleError, ValueError) as unknown:
        raise UnknownWay(field="locale", value=locale) from unknown
