"""Community > Export: tables of members, customers and balances, as CSV or Excel."""

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import localtime, now
from django.views.decorators.http import require_GET

from community.access import LocationRequest, for_admins
from community.downloads import csv_download, xlsx_download
from membership.services.exporting import EXPORTS, export_rows, record_export


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
        return xlsx_download({what: rows}, name=name)
    return csv_download(rows, name=name)
