"""The files that somebody asked for: how far each is, and the file itself, for them alone."""

from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from community.desk.access import Desk, desk_behind
from community.downloads import CSV, XLSX
from community.models import Export
from community.services.exports import read_export

TYPES = {Export.Form.CSV: CSV, Export.Form.XLSX: XLSX}


@require_GET
def files(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show them; htmx asks for the list alone while one is under way, and hears the end of it."""
    theirs = [_line(export, site) for export in _theirs(request).order_by("-pk")]
    context: dict[str, Any] = {
        "files": theirs,
        "under_way": any(line["export"].is_under_way for line in theirs),
    }
    if "HX-Request" in request.headers:
        return render(request, "desk/_files_now.html", context)
    context |= {**site.each_context(request), "title": _("Your files")}
    return render(request, "desk/files.html", context)


@require_GET
def file(request: HttpRequest, export_id: int, site: AdminSite) -> HttpResponseBase:
    export = get_object_or_404(_theirs(request).filter(state=Export.State.DONE), pk=export_id)
    page = site.get_model_admin(apps.get_model(export.listing))
    if not page.has_view_permission(request) or not _may_have(desk_behind(request), export):
        raise PermissionDenied
    name = export.listing.partition(".")[2]
    day = localtime(export.created_at).date().isoformat()
    return StreamingHttpResponse(
        read_export(export),
        content_type=TYPES[Export.Form(export.form)],
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{day}.{export.form}"',
            "Content-Length": str(export.size_bytes),
        },
    )


def _theirs(request: HttpRequest) -> Any:
    return Export.objects.filter(asked_by_id=desk_behind(request).user_id)


def _may_have(desk: Desk, export: Export) -> bool:
    """Whether all its rows are of locations where they still have a role."""
    return desk.is_operator or {int(place) for place in export.rows_by_place} <= set(desk.roles)


def _line(export: Export, site: AdminSite) -> dict[str, Any]:
    try:
        opts = apps.get_model(export.listing)._meta  # noqa: SLF001 - Django's documented interface
    except LookupError as gone:  # a release ago it was called otherwise
        raise Http404 from gone
    name = f"{site.name}:{opts.app_label}_{opts.model_name}_export"
    return {
        "export": export,
        "listing": opts.verbose_name_plural,
        "percent": 100 * export.rows_done // max(export.rows_total, 1),
        "as_csv": f"{reverse(name, args=['csv'])}?{export.query}",
    }
