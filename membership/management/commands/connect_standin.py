from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from django_scopes import scope

from community.models import Location
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable, KeyRefused
from payments.models import GatewayConnection
from payments.services.connecting import connect_gateway
from payments.services.demo_keys import demo_account, demo_keys


class Command(BaseCommand):
    help = "Let a location take cards through the Stripe stand-in of `make run`: no real money."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the location's part of the address")

    def handle(self, *_args: Any, **options: Any) -> None:
        location = Location.objects.filter(slug=options["slug"]).first()
        if location is None:
            raise CommandError(f"No location has the address /{options['slug']}/.")
        refuse_real_stripe()
        publishable_key, secret_key = demo_keys(location)
        with scope(location=location):
            try:
                connection = connect_gateway(
                    location=location,
                    gateway=GatewayConnection.Gateway.STRIPE,
                    publishable_key=publishable_key,
                    secret_key=secret_key,
                    own_api_base=f"/accounts/{demo_account(location)}",
                    at=now(),
                )
            except ValidationError as refusal:
                raise CommandError(" ".join(refusal.messages)) from refusal
            except (GatewayRefused, GatewayUnavailable, KeyRefused) as trouble:
                raise CommandError(f"The stand-in did not take it: {trouble}") from trouble
        self.stdout.write(
            f"{location.name} takes cards through the Stripe stand-in, account"
            f" {connection.account} at {settings.STRIPE_API_BASE}. No real money moves."
        )


def refuse_real_stripe() -> None:
    """Demo keys are for the stand-in alone.

    :raises CommandError: if the installation speaks to Stripe itself
    """
    host = urlsplit(settings.STRIPE_API_BASE).hostname or ""
    if host == "stripe.com" or host.endswith(".stripe.com"):
        raise CommandError("This installation speaks to Stripe itself: there is no stand-in here.")
