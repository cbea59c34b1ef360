import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from email.utils import parseaddr
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import now
from django_scopes import scope

from community.adapter import trust_email
from community.models import Location, Role, User
from community.money import to_minor
from credits.services.options import add_option
from membership.management.commands.connect_standin import refuse_real_stripe
from membership.services.founding import (
    NewPerson,
    NewPlace,
    found_location,
    give_role,
    register_person,
)
from membership.services.joining import add_member
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable, KeyRefused
from payments.models import GatewayConnection
from payments.services.connecting import connect_gateway


@dataclass(frozen=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True)
class Offer:
    credits: Decimal
    price: Decimal
    expiry_months: int | None


class Command(BaseCommand):
    help = (
        "Open a location with its first people. Whoever has no account yet gets one; without"
        " --password they choose theirs by “Forgot your password?” on the sign-in page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as members read it: “Harbour Loft”")
        parser.add_argument("--slug", help="its part of the address; by default from the name")
        parser.add_argument("--currency", required=True, help="ISO: EUR, JPY")
        parser.add_argument("--time-zone", default="UTC", help="Europe/Berlin")
        parser.add_argument("--locale", default="en", help="how dates and numbers look: de-AT")
        parser.add_argument(
            "--tax", default="", metavar="“VAT 20”", help="name and percent; none by default"
        )
        parser.add_argument("--tax-included", action="store_true", help="prices contain the tax")
        for role, does in (
            ("admin", "runs the location"),
            ("staff", "helps there"),
            ("member", "buys credits"),
        ):
            parser.add_argument(
                f"--{role}",
                action="append",
                default=[],
                type=_person,
                metavar="“Nora Lind <nora@example.org>”",
                help=f"{does}; may be given more than once",
            )
        parser.add_argument(
            "--password",
            help="of every account that is made here; “-” reads it from standard input; else"
            " ADMIN_PASSWORD of the environment is taken, or it is asked for at a terminal",
        )
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            type=_offer,
            metavar="CREDITS:PRICE[:MONTHS]",
            help="put credits on sale, to lapse after so many months or never; repeatable",
        )
        parser.add_argument(
            "--connect-standin",
            metavar="/accounts/NAME",
            help="take cards through this account of the Stripe stand-in",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["admin"]:
            raise CommandError("A location needs an --admin.")
        if options["connect_standin"]:
            refuse_real_stripe()
        at = now()
        try:
            location = _open(options, at=at)
        except ValidationError as refusal:
            raise CommandError(_words(refusal)) from refusal
        address = f"{settings.BASE_URL}/{location.slug}/"
        if account := options["connect_standin"]:
            self._connect(location, account, at=at)
        self.stdout.write(f"{location.name} is open: {address}")

    def _connect(self, location: Location, account: str, *, at: datetime) -> None:
        try:
            with scope(location=location):
                connect_gateway(
                    location=location,
                    gateway=GatewayConnection.Gateway.STRIPE,
                    publishable_key="pk_test_standin",
                    secret_key="rk_test_standin",  # noqa: S106 - any key opens the stand-in
                    own_api_base=account,
                    at=at,
                )
        except (GatewayRefused, GatewayUnavailable, KeyRefused) as trouble:
            raise CommandError(
                f"{location.name} is open, but takes no cards: {trouble}"
            ) from trouble


@transaction.atomic
def _open(options: dict[str, Any], *, at: datetime) -> Location:
    account = _accounts(_password(options))
    admin = account(options["admin"][0])
    location = found_location(place=_place(options), admin=admin, at=at)
    with scope(location=location):
        for person in options["admin"][1:]:
            give_role(
                location=location, user=account(person), kind=Role.Kind.ADMIN, by=admin, at=at
            )
        for person in options["staff"]:
            give_role(
                location=location, user=account(person), kind=Role.Kind.STAFF, by=admin, at=at
            )
        for person in options["member"]:
            add_member(location=location, user=account(person), by=admin, at=at)
        for offer in options["option"]:
            add_option(
                location=location,
                credits=offer.credits,
                price_minor=to_minor(offer.price, location.currency),
                expiry_months=offer.expiry_months,
                by=admin,
                at=at,
            )
    return location


def _words(refusal: ValidationError) -> str:
    if not hasattr(refusal, "error_dict"):
        return " ".join(refusal.messages)
    return " ".join(f"{field}: {' '.join(said)}" for field, said in refusal.message_dict.items())


def _place(options: dict[str, Any]) -> NewPlace:
    tax_name, tax_percent = _tax(options["tax"])
    return NewPlace(
        name=options["name"],
        slug=options["slug"] or slugify(options["name"]),
        currency=options["currency"],
        time_zone=options["time_zone"],
        locale=options["locale"],
        tax_name=tax_name,
        tax_percent=tax_percent,
        tax_included=options["tax_included"],
    )


def _password(options: dict[str, Any]) -> str | None:
    """The password as given, from standard input for “-”, or asked for at a terminal."""
    given: str | None = options["password"] or os.environ.get("ADMIN_PASSWORD")
    if given == "-":
        return sys.stdin.readline().rstrip("\n")
    if given is None and sys.stdin.isatty():
        given = getpass("Password of new accounts (empty: they choose it by email): ") or None
    return given


def _accounts(password: str | None) -> Callable[[Person], User]:
    """Give a function that finds a person's account, or makes it."""

    def account(person: Person) -> User:
        if known := User.objects.filter(email__iexact=person.email).first():
            return known
        made = register_person(NewPerson(person.name, person.email, password))
        trust_email(made)
        return made

    return account


def _tax(text: str) -> tuple[str, Decimal]:
    """Read “Consumption tax 10”."""
    if not text:
        return "", Decimal(0)
    name, _space, percent = text.rpartition(" ")
    try:
        rate = Decimal(percent.rstrip("%"))
    except InvalidOperation:
        raise CommandError("Write the tax as its name and percent: --tax “VAT 20”.") from None
    if not 0 <= rate < 100 or not name:  # noqa: PLR2004
        raise CommandError("The tax needs a name, and a percent from 0 to below 100.")
    return name.strip(), rate


def _person(text: str) -> Person:
    name, email = parseaddr(text)
    try:
        validate_email(email)
    except ValidationError:
        raise ArgumentTypeError(f"{text!r} holds no email address") from None
    local = email.partition("@")[0]
    return Person(name or local.replace(".", " ").title(), email)


def _offer(text: str) -> Offer:
    credits, price, months = (*text.split(":"), "", "")[:3]
    try:
        offer = Offer(Decimal(credits), Decimal(price), int(months) if months else None)
    except (InvalidOperation, ValueError):
        raise ArgumentTypeError(f"{text!r} is not like 10:12.50 or 100:85:12") from None
    if not (offer.credits > 0 and offer.price > 0 and (offer.expiry_months or 1) > 0):
        raise ArgumentTypeError(f"{text!r}: credits, price and months are above 0")
    return offer
