"""Run the statements of the hot paths, with no more work around them than they need.

Within a transaction that spares the layers of Django's cursor, a fifth of a settlement's
processor time. Whoever listens to queries hears these too, and errors are Django's all the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]


def run_statement(sql: str, values: Values) -> None:
    _executed(sql, values)


def fetch_row(sql: str, values: Values) -> Row | None:
    """The first row of the statement's answer, if there is one."""
    row: Row | None = _executed(sql, values).fetchone()
    return row


def fetch_rows(sql: str, values: Values) -> list[Row]:
    rows: list[Row] = _executed(sql, values).fetchall()
    return rows


def _executed(sql: str, values: Values) -> Any:
    connection = connections[DEFAULT_DB_ALIAS]
    is_heard = connection.queries_logged or connection.execute_wrappers
    if is_heard or not connection.in_atomic_block:
        cursor = connection.cursor()
        cursor.execute(sql, values)
        return cursor
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        return connection.connection.execute(sql, values)
