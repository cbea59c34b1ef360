from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_scopes import scope

from analytics.services import rebuild_month, stale_months
from community.models import Location

WIDTH = 30


class Command(BaseCommand):
    help = (
        "Sum the months of revenue anew from their lines, of all locations or of those named."
        " Sales wait while one month is summed. Safe to repeat, and to stop at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="slug", help="only these locations")

    def handle(self, *_args: Any, **options: Any) -> None:
        for location in _locations(options["slugs"]):
            with scope(location=location):
                months = stale_months(location=location)
                self._draw(location, 0, len(months))
                for done, month in enumerate(months, start=1):
                    rebuild_month(location_id=location.pk, month=month)
                    self._draw(location, done, len(months))
            self.stdout.write(f"{location.slug}: {len(months)} months")

    def _draw(self, location: Location, done: int, total: int) -> None:
        """Draw the bar anew, in one line, where somebody looks on."""
        if not self.stderr.isatty():
            return
        filled = WIDTH * done // total if total else WIDTH
        bar = "█" * filled + "░" * (WIDTH - filled)
        end = "\n" if done == total else ""
        self.stderr.write(f"\r{bar} {done}/{total} {location.slug}", ending=end)
        self.stderr.flush()


def _locations(slugs: list[str]) -> list[Location]:
    if not slugs:
        return list(Location.objects.order_by("pk"))
    found = {location.slug: location for location in Location.objects.filter(slug__in=slugs)}
    if unknown := [slug for slug in slugs if slug not in found]:
        raise CommandError(f"There is no location {', '.join(unknown)}.")
    return [found[slug] for slug in slugs]
