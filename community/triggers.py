"""Guards in the database for rows that nobody may change, whatever their role."""

from functools import reduce
from operator import or_
from typing import Any

import pgtrigger


def append_only(table: str) -> list[pgtrigger.Trigger]:
    """Refuse UPDATE, DELETE and TRUNCATE. A mistake is corrected by a new row."""
    return [
        pgtrigger.Protect(
            name=f"{table}_append_only", operation=pgtrigger.Update | pgtrigger.Delete
        ),
        no_truncate(table),
    ]


def changes(*names: str) -> Any:
    """The condition of a trigger: any of the fields gets another value."""
    changed = (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in names)
    return reduce(or_, changed)


def no_truncate(table: str) -> pgtrigger.Trigger:
    # Protect works on rows, and TRUNCATE fires no row trigger.
    return pgtrigger.Trigger(
        name=f"{table}_no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
    )
