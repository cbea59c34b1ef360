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


# Only where somebody listens is anything written; nothing else knows that it is.
NOTE_EVENT = """
told := {kind};
IF told IS NOT NULL AND EXISTS (
    SELECT 1 FROM notifications_webhookendpoint
    WHERE location_id = NEW.location_id AND disabled_at IS NULL AND told = ANY (events)
) THEN
    INSERT INTO notifications_webhookevent (location_id, kind, subject_id)
    VALUES (NEW.location_id, told, NEW.id);
END IF;
RETURN NULL;
"""


def told_outside(name: str, kind: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """Note an event for webhooks in the transaction in which it happens, by whatever path.

    :param kind: SQL over NEW and OLD that gives the event, or null if it is none
    """
    return pgtrigger.Trigger(
        name=f"{name}_is_told",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=operation,
        declare=[("told", "text")],
        func=NOTE_EVENT.format(kind=kind),
    )
