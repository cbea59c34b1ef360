"""Guards in the database for rows that nobody may change, whatever their role."""

import pgtrigger


def append_only(table: str) -> list[pgtrigger.Trigger]:
    """Refuse UPDATE, DELETE and TRUNCATE. A mistake is corrected by a new row."""
    return [
        pgtrigger.Protect(
            name=f"{table}_append_only", operation=pgtrigger.Update | pgtrigger.Delete
        ),
        no_truncate(table),
    ]


def no_truncate(table: str) -> pgtrigger.Trigger:
    # Protect works on rows, and TRUNCATE fires no row trigger.
    return pgtrigger.Trigger(
        name=f"{table}_no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
    )
