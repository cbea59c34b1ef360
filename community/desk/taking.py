"""Taking a list away: a short one at once, a long one as a file that a worker makes."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now

from community.desk.access import desk_behind
from community.desk.exporting import (
    cells,
    concerned,
    file_name,
    filters_of,
    headings,
    listed,
    rows_by_place,
    sheet_title,
)
from community.desk.finding import TooManyFound
from community.downloads import csv_download, xlsx_download
from community.models import Export, User
from community.services.exports import ExportUnderWay, ask_for_export, record_list_taken
from community.tasks import make_next_export
from config.broker import send_soon

if TYPE_CHECKING:
    from community.desk.rows import ReadOnly

MOST_AT_ONCE = 5000


def take_list(page: "ReadOnly", request: HttpRequest, form: str) -> HttpResponseBase:
    try:
        rows = listed(page, request)
    except TooManyFound as refusal:
        messages.error(request, refusal.messages[0])
        name = f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"
        return redirect(reverse(name, query=request.GET))
    if rows.order_by()[: MOST_AT_ONCE + 1].count() <= MOST_AT_ONCE:
        return _at_once(page, request, form, rows)
    if request.method == "POST":
        return _in_line(page, request, form)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": page.opts.verbose_name_plural,
        "form": Export.Form(form).label,
        "most": MOST_AT_ONCE,
    }
    return render(request, "desk/long_export.html", context)


def _at_once(
    page: "ReadOnly", request: HttpRequest, form: str, rows: "QuerySet[Any]"
) -> HttpResponseBase:
    places = Counter(dict.fromkeys(desk_behind(request).roles, 0))
    places.update(rows_by_place(page, rows))
    record_list_taken(
        listing=str(page.opts.verbose_name_plural),
        form=form,
        filters=filters_of(request.GET),
        rows_by_place=concerned(places),
        by=_who(request),
        at=now(),
    )
    table, name = _table(page, request, rows), file_name(page, form)
    if form == Export.Form.CSV:
        return csv_download(table, name=name)
    return xlsx_download({sheet_title(page): table}, name=name)


def _table(page: "ReadOnly", request: HttpRequest, rows: "QuerySet[Any]") -> Iterator[list[Any]]:
    yield headings(page, request)
    for row in rows[:MOST_AT_ONCE].iterator(chunk_size=500):
        yield cells(page, request, row)


def _in_line(page: "ReadOnly", request: HttpRequest, form: str) -> HttpResponseBase:
    try:
        ask_for_export(
            listing=page.opts.label_lower,
            query=request.GET.urlencode(),
            form=form,
            by=_who(request),
            at=now(),
        )
    except ExportUnderWay as refusal:
        messages.error(request, refusal.messages[0])
    else:
        send_soon(make_next_export)
    return redirect("admin:files")


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
