from datetime import datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import now
from django_scopes import scope

from billing.services import owe_reminders
from community.models import Location
from membership.demo.cast import HARBOUR, PASSWORD, PLACES, Place, log_ins
from membership.demo.living import Life
from membership.demo.opening import hand_out_key, open_place, welcome_strangers
from membership.demo.story import story_of
from notifications.services.delivering import plan_deliveries
from payments.gateways.protocol import GatewayRefused, GatewayUnavailable, KeyRefused
from payments.models import GatewayConnection
from payments.services.connecting import connect_gateway, renew_webhook
from payments.services.transfers import TRANSFER, open_transfers


class Command(BaseCommand):
    help = "Load two demo locations with people and past sales. Safe to run again at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="only print the log-ins")
        parser.add_argument(
            "--anywhere",
            action="store_true",
            help="also on servers that are not Deskmint's own: the password is public",
        )

    def handle(self, *_args: object, **options: object) -> None:
        if options["list"]:
            self._list_log_ins()
            return
        if not (settings.EMBEDDED or options["anywhere"]):
            raise CommandError(
                "The demo brings an operator with a public password. If nobody else can reach"
                " this installation, add --anywhere."
            )
        at = now()
        welcome_strangers()
        for place in PLACES:
            self._load(place, at=at)

    def _list_log_ins(self) -> None:
        people = log_ins()
        email_width = max(len(person.email) for person in people)
        name_width = max(len(person.name) for person in people)
        self.stdout.write(f"  Demo log-ins, password {PASSWORD}:")
        for person in people:
            self.stdout.write(
                f"    {person.email:{email_width}}  {person.name:{name_width}}  {person.does}"
            )
        self.stdout.write(f"  Demo API key of {HARBOUR.slug}: {HARBOUR.api_key}")

    def _load(self, place: Place, *, at: datetime) -> None:
        location = Location.objects.filter(slug=place.slug).first()
        if location is None:
            location = open_place(place, at=at)
            self.stdout.write(f"{place.name}: open, {len(place.people)} members")
        with scope(location=location):
            if place.api_key:
                hand_out_key(place, location, at=at)
            try:
                connection = _connection(place, location, at=at)
                _open_transfers(place, location, at=at)
                self._live(place, location, connection, at=at)
            except (GatewayRefused, GatewayUnavailable, KeyRefused) as silence:
                self.stdout.write(
                    f"{place.name}: its gateway at {settings.STRIPE_API_BASE} can't be heard"
                    f" ({silence}). Card payments and past sales come with the next run."
                )

    def _live(
        self, place: Place, location: Location, connection: GatewayConnection, *, at: datetime
    ) -> None:
        life = Life(place, location, connection)
        # The first day stays the location's: a later run goes on with the same story.
        left = life.left_of(story_of(place, today=location.created_at))
        if left:
            self.stdout.write(f"{place.name}: {len(left)} things happen in a year")
        for happening in left:
            life.live(happening)
            life.hand_documents_over(until=happening.at)
        if left:
            owe_reminders(at=at)
            life.hand_documents_over(until=at)
            while plan_deliveries(at=at):  # what is older than a day is only listed
                pass


def _connection(place: Place, location: Location, *, at: datetime) -> GatewayConnection:
    connection: GatewayConnection | None = GatewayConnection.objects.for_cards().first()
    if connection:
        renew_webhook(connection=connection)
        return connection
    return connect_gateway(
        location=location,
        gateway=GatewayConnection.Gateway.STRIPE,
        publishable_key=f"pk_test_{place.slug}_demo",
        secret_key=f"rk_test_{place.slug}_demo",
        own_api_base=f"/accounts/{place.slug}",
        at=at,
    )


def _open_transfers(place: Place, location: Location, *, at: datetime) -> None:
    if place.bank and not GatewayConnection.objects.filter(gateway=TRANSFER).exists():
        open_transfers(location=location, account_details=place.bank, by=None, at=at)
