"""Files of the desk's long lists: asked for, made by one worker at a time, kept for a day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from community.models import Export, ExportPart, Location, User
from community.services.audit import record_audit

State = Export.State
KEPT_FOR = timedelta(days=1)
KEPT_PER_PERSON = 5
SILENT_FOR = timedelta(minutes=5)  # then its worker is dead: one says something every second
MOST_ATTEMPTS = 3


class ExportUnderWay(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Another file of yours is being made. Ask for this one when it is done."),
            code="export_under_way",
        )


class ExportOvertaken(Exception):
    """It isn't this worker's any more: it was silent for so long that another has begun anew."""


@transaction.atomic
def ask_for_export(*, listing: str, query: str, form: str, by: User, at: datetime) -> Export:
    """Put a file in line. Of the person's older ones only the newest stay.

    :raises ExportUnderWay: if they have one in line already
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    theirs = Export.objects.filter(asked_by=by)
    if theirs.filter(state__in=[State.WAITING, State.RUNNING]).exists():
        raise ExportUnderWay
    kept = theirs.order_by("-pk").values_list("pk", flat=True)[: KEPT_PER_PERSON - 1]
    _forget(theirs.exclude(pk__in=list(kept)))
    return Export.objects.create(
        asked_by=by, listing=listing, query=query, form=form, created_at=at
    )


@transaction.atomic
def claim_next_export(*, at: datetime) -> Export | None:
    """Take the next in line, if none is being made. One whose worker fell silent begins anew."""
    _revive(at=at)
    next_one = Export.objects.filter(state=State.WAITING).order_by("pk").first()
    if next_one is None or Export.objects.filter(state=State.RUNNING).exists():
        return None
    try:
        with transaction.atomic():
            taken = Export.objects.filter(pk=next_one.pk, state=State.WAITING).update(
                state=State.RUNNING, attempts=F("attempts") + 1, noted_at=at, rows_done=0
            )
    except IntegrityError:  # another worker was quicker, with another one
        return None
    if not taken:
        return None
    ExportPart.objects.filter(export=next_one).delete()
    return Export.objects.select_related("asked_by").get(pk=next_one.pk)


def note_rows_total(*, export: Export, rows: int, at: datetime) -> None:
    """:raises ExportOvertaken:"""
    _update(export, rows_total=rows, noted_at=at)


def note_rows_exported(*, export: Export, rows: int, at: datetime) -> None:
    """:raises ExportOvertaken:"""
    _update(export, rows_done=rows, noted_at=at)


@transaction.atomic
def keep_part(*, export: Export, position: int, content: bytes, at: datetime) -> None:
    """Keep a piece of the file, from position 0 on.

    :raises ExportOvertaken:
    """
    size = F("size_bytes") + len(content) if position else len(content)
    _update(export, size_bytes=size, noted_at=at)
    ExportPart.objects.create(export=export, position=position, content=content)


@transaction.atomic
def finish_export(
    *, export: Export, rows_by_place: dict[int, int], audit: dict[str, Any], at: datetime
) -> None:
    """Let its asker have it, and keep at each location that they took its rows away.

    :raises ExportOvertaken:
    """
    _update(export, state=State.DONE, rows_by_place=rows_by_place, finished_at=at)
    record_list_taken(rows_by_place=rows_by_place, by=export.asked_by, at=at, **audit)


@transaction.atomic
def fail_export(*, export: Export, trouble: Export.Trouble, at: datetime) -> None:
    """:raises ExportOvertaken:"""
    _update(export, state=State.FAILED, trouble=trouble, finished_at=at)
    ExportPart.objects.filter(export=export).delete()


def read_export(export: Export) -> Iterator[bytes]:
    """Give the file piece by piece."""
    positions = list(export.parts.order_by("position").values_list("position", flat=True))
    for position in positions:
        yield bytes(export.parts.values_list("content", flat=True).get(position=position))


@transaction.atomic
def forget_old_exports(*, at: datetime) -> None:
    """Forget files that were there for long enough; the audit stays."""
    _forget(Export.objects.filter(finished_at__lte=at - KEPT_FOR))


@transaction.atomic
def record_list_taken(
    *,
    listing: str,
    form: str,
    filters: dict[str, str],
    rows_by_place: dict[int, int],
    by: User,
    at: datetime,
) -> None:
    """Keep who took a list away, at each location whose rows were in it or were looked for."""
    for location in Location.objects.filter(pk__in=rows_by_place).order_by("pk"):
        record_audit(
            location=location,
            by=by,
            action="list exported",
            subject=listing,
            after={"form": form, "filters": filters, "rows": rows_by_place[location.pk]},
            at=at,
        )


def _update(export: Export, **values: Any) -> None:
    mine = Export.objects.filter(pk=export.pk, state=State.RUNNING, attempts=export.attempts)
    if not mine.update(**values):
        raise ExportOvertaken


def _revive(*, at: datetime) -> None:
    silent = Export.objects.filter(state=State.RUNNING, noted_at__lte=at - SILENT_FOR)
    silent.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=State.FAILED, trouble=Export.Trouble.GIVEN_UP, finished_at=at
    )
    silent.update(state=State.WAITING)


def _forget(exports: "QuerySet[Export]") -> None:
    ExportPart.objects.filter(export__in=exports).delete()
    exports.delete()
