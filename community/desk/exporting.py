"""Lists of the admin as files: short ones at once, long ones by a worker, piece by piece."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog
from django.apps import apps
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR, PAGE_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.timezone import localtime, now
from django.utils.translation import gettext, override

from community.desk.access import desk_of
from community.desk.columns import Amount
from community.desk.finding import TooManyFound, found_all
from community.desk.site import desk as desk_site
from community.downloads import MOST_ROWS_IN_A_SHEET, csv_lines, workbook
from community.models import Export, Location
from community.services.exports import (
    ExportOvertaken,
    fail_export,
    finish_export,
    keep_part,
    note_rows_exported,
    note_rows_total,
)

if TYPE_CHECKING:
    from community.desk.rows import ReadOnly

BATCH = 1000
PART_BYTES = 1024 * 1024
NOT_A_FILTER = {ERROR_FLAG, ORDER_VAR, PAGE_VAR}
Trouble = Export.Trouble
log = structlog.get_logger(__name__)


class TooManyRows(Exception):
    """More than a sheet holds."""


def listed(page: "ReadOnly", request: HttpRequest) -> "QuerySet[Any]":
    """Give the rows that the list would show on all its pages.

    :raises TooManyFound: if that would not be all that is searched for
    """
    try:
        rows: QuerySet[Any] = page.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters as wrong:
        raise BadRequest("no such filter") from wrong
    if not found_all(request):
        raise TooManyFound
    return rows


def filters_of(query: QueryDict) -> dict[str, str]:
    return {name: ",".join(query.getlist(name)) for name in query if name not in NOT_A_FILTER}


def rows_by_place(page: "ReadOnly", rows: "QuerySet[Any]") -> dict[int, int]:
    """Count them by location."""
    counted = rows.order_by().values_list(page.place).annotate(rows=Count("pk"))
    return dict(counted.order_by(page.place))


def headings(page: "ReadOnly", request: HttpRequest) -> list[str]:
    """Name the columns as the list does; amounts are of the currency in the last one."""
    names = _columns(page, request)
    found = [str(label_for_field(name, page.model, page)) for name in names]
    return [*found, gettext("currency")] if _amounts(page, names) else found


def cells(page: "ReadOnly", request: HttpRequest, row: Model) -> list[object]:
    """Give numbers as numbers, and times by the clock of the row's location."""
    names, zone = _columns(page, request), location_of(page, row).zone
    amounts = _amounts(page, names)
    found = [
        amounts[name].major(row) if name in amounts else _cell(lookup_field(name, row, page), zone)
        for name in names
    ]
    return [*found, *{amount.currency_of(row) for amount in amounts.values()}]


def make_export(export: Export) -> None:
    """Make a claimed export's file, or say why there is none."""
    try:
        with override(export.asked_by.language or None):
            _make(export)
    except ExportOvertaken:
        log.warning("export_overtaken", export=export.pk)
    except TooManyRows:
        fail_export(export=export, trouble=Trouble.TOO_MANY_ROWS, at=now())
    except TooManyFound:  # since it was asked for: asked for again, it says so
        fail_export(export=export, trouble=Trouble.BROKEN, at=now())
    except PermissionDenied:
        fail_export(export=export, trouble=Trouble.NO_ACCESS, at=now())
    except Exception:
        # Its asker is told and does not wait for it; the fault goes on to whoever runs the worker.
        fail_export(export=export, trouble=Trouble.BROKEN, at=now())
        raise


def page_of(export: Export) -> "ReadOnly":
    page: ReadOnly = desk_site.get_model_admin(apps.get_model(export.listing))
    return page


def _make(export: Export) -> None:
    desk = desk_of(export.asked_by)
    request = HttpRequest()
    request.user = export.asked_by
    request.desk = desk  # type: ignore[attr-defined]
    request.GET = QueryDict(export.query)
    page = page_of(export)
    if not page.has_view_permission(request):
        raise PermissionDenied
    with desk.opened():
        places: Counter[int] = Counter(dict.fromkeys(desk.roles, 0))
        table = _table(export, page, request, places)
        for position, content in enumerate(_pieces(export, page, table)):
            keep_part(export=export, position=position, content=content, at=now())
        audit = {
            "listing": str(page.opts.verbose_name_plural),
            "form": export.form,
            "filters": filters_of(request.GET),
        }
        finish_export(export=export, rows_by_place=concerned(places), audit=audit, at=now())


def concerned(places: dict[int, int]) -> dict[int, int]:
    """Leave out the locations without a row, unless all are: then nothing was found in them."""
    return {place: rows for place, rows in places.items() if rows} or dict(places)


def _table(
    export: Export, page: "ReadOnly", request: HttpRequest, places: "Counter[int]"
) -> Iterator[list[Any]]:
    """Give the rows from the newest on, batch by batch, so that no cursor has to stay open."""
    rows = listed(page, request).order_by("-pk")
    newest = rows.values_list("pk", flat=True).first() or 0
    rows = rows.filter(pk__lte=newest)  # what is added meanwhile isn't counted either
    total = rows.order_by().count()
    if export.form == Export.Form.XLSX and total >= MOST_ROWS_IN_A_SHEET:
        raise TooManyRows
    note_rows_total(export=export, rows=total, at=now())
    yield headings(page, request)
    done, batch = 0, list(rows[:BATCH])
    while batch:
        for row in batch:
            yield cells(page, request, row)
        places.update(location_of(page, row).pk for row in batch)
        done += len(batch)
        note_rows_exported(export=export, rows=min(done, total), at=now())
        batch = list(rows.filter(pk__lt=batch[-1].pk)[:BATCH])


def location_of(page: "ReadOnly", row: Any) -> Location:
    found = row
    for name in page.place.split("__"):
        found = found if name == "pk" else getattr(found, name)
    assert isinstance(found, Location)
    return found


def _pieces(export: Export, page: "ReadOnly", table: Iterator[list[Any]]) -> Iterator[bytes]:
    if export.form == Export.Form.XLSX:
        with workbook({sheet_title(page): table}) as file:
            while piece := file.read(PART_BYTES):
                yield piece
        return
    buffer = bytearray()
    for line in csv_lines(table):
        buffer += line.encode()
        if len(buffer) >= PART_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def sheet_title(page: "ReadOnly") -> str:
    return str(page.opts.verbose_name_plural)[:31]


def file_name(page: "ReadOnly", form: str) -> str:
    return f"{page.opts.model_name}-{localtime(now()).date().isoformat()}.{form}"


def _columns(page: "ReadOnly", request: HttpRequest) -> list[str]:
    wanted = page.get_list_display(request)
    return [str(name) for name in wanted if name != "action_checkbox"]


def _amounts(page: "ReadOnly", names: list[str]) -> dict[str, Amount]:
    """The columns of money; a row has one currency for all of them."""
    columns = {name: getattr(getattr(page, name, None), "amount", None) for name in names}
    return {name: amount for name, amount in columns.items() if isinstance(amount, Amount)}


def _cell(found: tuple[Any, Any, Any], zone: ZoneInfo) -> object:
    field, _attribute, value = found
    value = dict(getattr(field, "flatchoices", None) or []).get(value, value)
    if isinstance(value, datetime):
        return localtime(value, zone).isoformat(" ", "seconds")
    if value is None or isinstance(value, Decimal | int | date):
        return value
    return str(value)
