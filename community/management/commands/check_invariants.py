from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.module_loading import module_has_submodule

SHOWN = 20


class Command(BaseCommand):
    help = "Check that the books add up: one line per sentence; fails with the ids that break it."

    def handle(self, *_args: Any, **_options: Any) -> None:
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
        if broken:
            raise CommandError(f"{len(broken)} of {len(sentences)} invariants are broken.")


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
