"""What must be true of the rows at any moment: sentences, each with the SQL that finds exceptions.

An app's sentences may look at the tables of apps below it, never above. `check_invariants` runs
them all; every one has a test that breaks a row and expects exactly that sentence to notice.
"""

from typing import Any

from django.apps import apps
from django.db.models import Field, Model

from community.models import Location

Path = tuple["Field[Any, Any]", ...]


def same_location(app_label: str) -> dict[str, str]:
    """One sentence for each foreign key of an app that leads from a tenant's row to another."""
    return {
        f"{model.__name__}.{field.name} stays inside one location": _strangers(model, field)
        for model in apps.get_app_config(app_label).get_models()
        for field in model._meta.concrete_fields  # noqa: SLF001 - Django's documented interface
        if field.is_relation and _crosses(model, field)
    }


def _crosses(model: type[Model], field: "Field[Any, Any]") -> bool:
    ours, theirs = path_to_location(model), path_to_location(field.related_model)  # type: ignore[arg-type]
    return bool(ours and theirs and ours[0] is not field)


def path_to_location(model: type[Model]) -> Path:
    """The foreign keys that lead from a row to its location; none if it belongs to no tenant."""
    keys = [
        field
        for field in model._meta.concrete_fields  # noqa: SLF001
        if field.is_relation and not field.null and field.related_model is not model
    ]
    for field in keys:
        if field.related_model is Location:
            return (field,)
    for field in keys:
        if further := path_to_location(field.related_model):  # type: ignore[arg-type]
            return (field, *further)
    return ()


def _strangers(model: type[Model], field: "Field[Any, Any]") -> str:
    table = model._meta.db_table  # noqa: SLF001
    target: Any = field.related_model
    ours, our_joins = _follow("a", path_to_location(model))
    theirs, their_joins = _follow("b", path_to_location(target))
    return (
        f"SELECT a.id FROM {table} a JOIN {target._meta.db_table} b ON b.id = a.{field.column}"  # noqa: S608, SLF001 - names of our own tables
        f"{our_joins}{their_joins} WHERE {ours} <> {theirs}"
    )


def _follow(alias: str, path: Path) -> tuple[str, str]:
    """The column of the location, and the joins on the way to it."""
    joins = ""
    for step, field in enumerate(path[:-1], start=1):
        table = field.related_model._meta.db_table  # type: ignore[union-attr]  # noqa: SLF001
        here = f"{alias}{step}"
        joins += f" JOIN {table} {here} ON {here}.id = {alias}.{field.column}"
        alias = here
    return f"{alias}.{path[-1].column}", joins


INVARIANTS = {
    "Every member has the customer that pays for them": """
        SELECT m.id FROM community_member m
        LEFT JOIN community_customer c ON c.member_id = m.id
        WHERE c.id IS NULL
    """,
    "Every company has the customer that pays for it": """
        SELECT company.id FROM community_company company
        LEFT JOIN community_customer c ON c.company_id = company.id
        WHERE c.id IS NULL
    """,
    # Who manages is on record; a company that was closed may open again without a manager.
    "An open company that had a manager has one": """
        SELECT company.id FROM community_company company
        WHERE company.state = 'open' AND NOT EXISTS (
            SELECT 1 FROM community_companymember place
            WHERE place.company_id = company.id AND place.role = 'manager'
        ) AND EXISTS (
            SELECT 1 FROM community_auditrecord record
            WHERE record.location_id = company.location_id
              AND record.subject = 'company ' || company.id
              AND 'manager' IN (record.before ->> 'role', record.after ->> 'role')
              AND record.id > coalesce((
                  SELECT max(reopened.id) FROM community_auditrecord reopened
                  WHERE reopened.location_id = company.location_id
                    AND reopened.subject = 'company ' || company.id
                    AND reopened.action = 'company reopened'
              ), 0)
        )
    """,
    "Nobody is in a company without being a member": """
        SELECT place.id FROM community_companymember place
        JOIN community_member m ON m.id = place.member_id
        WHERE m.state NOT IN ('active', 'suspended')
    """,
    **same_location("community"),
}
