from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from membership.tasks import close_due_periods

EVERY = 500


class Command(BaseCommand):
    help = (
        "Close the plan periods that are over: issue their bills, begin the next. Safe to repeat."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.customers = 0
        failures = close_due_periods(at=now(), progress=self._say)
        self.stdout.write(f"{self.customers - failures} customers are up to date.")
        if failures:
            raise CommandError(f"{failures} customers could not be closed; the log says why.")

    def _say(self, done: int, total: int, failures: int) -> None:
        self.customers = total
        if done % EVERY == 0 or (done == total and total > EVERY):
            failed = f", {failures} failed" if failures else ""
            self.stdout.write(f"{done} of {total} customers{failed}")
            self.stdout.flush()
