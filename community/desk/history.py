"""Who changed what: a row's audit records, on its page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from community.models import AuditRecord
from community.money import format_money

if TYPE_CHECKING:
    from community.desk.rows import ReadOnly

MOST_SHOWN = 20


@dataclass(frozen=True)
class Change:
    record: AuditRecord
    differences: list[str]


def history_of(page: "ReadOnly", row: Any) -> list[Change]:
    """Give the newest records about a row of a location."""
    if not hasattr(row, "location_id"):
        return []
    about = AuditRecord.objects.filter(
        location_id=row.location_id, subject__in=page.subjects_of(row)
    )
    newest = about.select_related("user").order_by("-pk")[:MOST_SHOWN]
    currency = row.location.currency
    return [Change(record, list(_differences(record, currency))) for record in newest]


def _differences(record: AuditRecord, currency: str) -> Iterator[str]:
    before, after = record.before, record.after
    for name in {**before, **after}:
        old, new = (_worded(name, facts.get(name), currency) for facts in (before, after))
        if old != new:
            label = name.removesuffix("_minor").replace("_", " ")
            yield f"{label}: {old} → {new}" if old else f"{label}: {new}"


def _worded(name: str, value: Any, currency: str) -> str:
    if name.endswith("_minor") and isinstance(value, int):
        return format_money(value, currency)
    return "" if value is None else str(value)
