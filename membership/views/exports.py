"""Community > Export: tables of members, customers and balances, as CSV or Excel."""

from collections.abc import Iterator
from tempfile import TemporaryFile

from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_GET
from openpyxl import Workbook

from community.access import LocationRequest, for_admins
from community.downloads import csv_download, harmless
from membership.services.exporting import EXPORTS, export_rows, record_export

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@for_admins
def exports(request: LocationRequest, slug: str) -> HttpResponseBase:
    return render(request, "membership/imports/export.html")


@require_GET
@for_admins
def export(request: LocationRequest, slug: str, what: str, form: str) -> HttpResponseBase:
    if what not in EXPORTS or form not in {"csv", "xlsx"}:
        raise Http404
    at = now()
    record_export(location=request.location, what=what, by=request.user, at=at)
    rows = export_rows(what, location=request.location)
    name = f"{request.location.slug}-{what}-{localtime(at).date().isoformat()}.{form}"
    if form == "xlsx":
        return _workbook(rows, title=what, name=name)
    return csv_download(rows, name=name)


def _workbook(rows: Iterator[list[str]], *, title: str, name: str) -> FileResponse:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append([harmless(_printable(cell)) for cell in row])
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _printable(cell: str) -> str:
    # XML knows no control characters.
    return "".join(letter for letter in cell if letter.isprintable())
