import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils.timezone import now

from membership.services.founding import awaits_founding, issue_setup_link

TOKEN_BYTES = 32


class Command(BaseCommand):
    help = "Print a one-time link that makes the first admin and location. Earlier links end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--print-if-needed",
            action="store_true",
            help="say nothing if there is a location with an admin",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not awaits_founding():
            if not options["print_if_needed"]:
                self.stdout.write("There is an admin already: sign in, or see create_location.")
            return
        token = secrets.token_urlsafe(TOKEN_BYTES)
        issue_setup_link(token=token, at=now())
        self.stdout.write(f"{settings.BASE_URL}{reverse('setup', args=[token])}")
