from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.module_loading import module_has_submodule
from django.utils.timezone import get_current_timezone, now
from django_scopes import scope, scopes_disabled

from payments.gateways.protocol import GatewayRefused, GatewayUnavailable
from payments.models import GatewayConnection
from payments.services.comparing import compare_charges

SHOWN = 20
GATEWAYS_SINCE = timedelta(days=30)


class Command(BaseCommand):
    help = "Check that the books add up: one line per sentence; fails with the ids that break it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--gateways",
            action="store_true",
            help="compare every charge of the last 30 days with the gateways' own books, too",
        )
        parser.add_argument(
            "--since", type=date.fromisoformat, metavar="2026-11-01", help="or since that day"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        held = self._check_sentences()
        if options["gateways"]:
            held += self._compare_gateways(_since(options["since"]))
        if not all(held):
            raise CommandError(f"{held.count(False)} of {len(held)} invariants are broken.")

    def _check_sentences(self) -> list[bool]:
        """Say of each sentence whether it holds."""
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                # One snapshot for all sentences, however busy the tables are.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL statement_timeout = 0")
            sentences = all_invariants()
            broken = broken_invariants(sentences)
        for sentence in sentences:
            ids = broken.get(sentence, [])
            found = ", ".join(str(id_) for id_ in ids[:SHOWN])
            more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
            line = f"BROKEN  {sentence}: {found}{more}" if ids else f"ok      {sentence}"
            self.stdout.write(line)
        return [sentence not in broken for sentence in sentences]

    def _compare_gateways(self, since: datetime) -> list[bool]:
        """Compare connection by connection; one that can't be asked counts as broken."""
        with scopes_disabled():
            connections = list(
                GatewayConnection.objects.in_use()
                .exclude(gateway=GatewayConnection.Gateway.BANK_TRANSFER)
                .order_by("pk")
            )
        return [self._compare_gateway(connection, since) for connection in connections]

    def _compare_gateway(self, connection: GatewayConnection, since: datetime) -> bool:
        sentence = f"What {connection} {connection.account} collected is what we have"
        try:
            with scope(location=connection.location_id):
                found = compare_charges(connection=connection, since=since, at=now())
        except (GatewayRefused, GatewayUnavailable) as trouble:
            self.stdout.write(f"BROKEN  {sentence}: it could not be asked: {trouble}")
            return False
        words = "; ".join(f"{it.reference}: {it.how}" for it in found[:SHOWN])
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        self.stdout.write(f"BROKEN  {sentence}: {words}{more}" if found else f"ok      {sentence}")
        return not found


def _since(day: date | None) -> datetime:
    if day is None:
        return now() - GATEWAYS_SINCE
    return datetime(day.year, day.month, day.day, tzinfo=get_current_timezone())


def all_invariants() -> dict[str, str]:
    """Every app's sentences with their SQL, bottom up."""
    found: dict[str, str] = {}
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, "invariants"):
            found |= import_module(f"{app.name}.invariants").INVARIANTS
    return found


def broken_invariants(sentences: dict[str, str] | None = None) -> dict[str, list[int]]:
    """The sentences that do not hold now, with the ids of the rows that break them."""
    broken = {}
    with connection.cursor() as cursor:
        for sentence, sql in (sentences or all_invariants()).items():
            cursor.execute(sql)
            if ids := sorted({row[0] for row in cursor.fetchall()}):
                broken[sentence] = ids
    return broken
