"""Transactional tests empty tables by TRUNCATE: let that pass the append-only triggers."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.core.management.commands import flush
from django.db import connections

flush_tables = flush.Command.handle


def handle(self, **options):
    with connections[options["database"]].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            return flush_tables(self, **options)
        finally:
            cursor.execute("RESET session_replication_role")


@pytest.fixture(scope="session", autouse=True)
def flush_passes_the_triggers():
    with patch.object(flush.Command, "handle", handle):
        yield
