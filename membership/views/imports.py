"""Community > Import: upload a table, say what its columns are, look, and bring it in."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from kombu.exceptions import OperationalError

from community.access import LocationRequest, for_admins
from membership.forms import ColumnsForm, TableForm
from membership.models import MemberImport
from membership.services.cells import CellRefused
from membership.services.checking import FIELDS
from membership.services.importing import (
    ImportRefused,
    check_import,
    discard_import,
    is_at_work,
    start_import,
    upload_table,
)
from membership.services.tables import Table, read_table
from membership.tasks import import_members

SHOWN_ROWS = 5
SHOWN_ERRORS = 100
SHOWN_IMPORTS = 20
State = MemberImport.State


@dataclass(frozen=True)
class ErrorLine:
    """A wrong cell as the page names it."""

    row: int
    column: str
    value: str
    words: str


@require_http_methods(["GET", "POST"])
@for_admins
def imports(request: LocationRequest, slug: str) -> HttpResponseBase:
    posted = request.method == "POST"
    form = TableForm(request.POST, request.FILES) if posted else TableForm()
    if form.is_valid():
        upload = form.cleaned_data["table"]
        try:
            job = upload_table(
                location=request.location,
                file_name=upload.name,
                content=upload.read(),
                by=request.user,
                at=now(),
            )
        except ValidationError as refusal:
            form.add_error("table", refusal)
        else:
            return redirect("community:import", slug, job.pk)
    earlier = MemberImport.objects.filter(location=request.location).defer("content")
    return render(
        request,
        "membership/imports/upload.html",
        {
            "form": form,
            "fields": FIELDS.values(),
            "earlier": earlier.select_related("uploaded_by").order_by("-pk")[:SHOWN_IMPORTS],
        },
    )


@require_http_methods(["GET", "POST"])
@for_admins
def member_import(request: LocationRequest, slug: str, import_id: int) -> HttpResponseBase:
    """Say what the columns are and look at what would happen; once started, how far it is."""
    job = _job(request, import_id)
    if job.state in {State.RUNNING, State.DONE}:
        return render(request, "membership/imports/progress.html", _progress(request, job))
    table = read_table(bytes(job.content))
    form = ColumnsForm(
        request.POST if request.method == "POST" else None, header=table.header, member_import=job
    )
    if form.is_valid():
        try:
            check_import(
                member_import=job,
                columns=form.columns(),
                send_invitations=form.cleaned_data["send_invitations"],
                at=now(),
            )
        except ImportRefused:
            return redirect("community:import", slug, job.pk)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("community:import", slug, job.pk)
    return _show_dry_run(request, job, table, form)


@require_POST
@for_admins
def start(request: LocationRequest, slug: str, import_id: int) -> HttpResponseBase:
    job = _job(request, import_id)
    try:
        start_import(member_import=job)
        import_members.delay(location_id=request.location.pk, import_id=job.pk)
    except ImportRefused as refusal:
        return _answer(request, job, refusal.messages[0])
    except OperationalError:
        words = _("The workers can't be reached right now. Nothing was imported. Start it again.")
        return _answer(request, job, words)
    return redirect("community:import", slug, job.pk)


@require_POST
@for_admins
def discard(request: LocationRequest, slug: str, import_id: int) -> HttpResponseBase:
    job = _job(request, import_id)
    try:
        discard_import(member_import=job)
    except ImportRefused as refusal:
        return _answer(request, job, refusal.messages[0])
    return redirect("community:imports", slug)


@require_GET
@for_admins
def status(request: LocationRequest, slug: str, import_id: int) -> HttpResponseBase:
    """The part of the page that htmx asks for while the import runs."""
    job = _job(request, import_id)
    if job.state in {State.RUNNING, State.DONE}:
        return render(request, "membership/imports/_status_now.html", _progress(request, job))
    return HttpResponse(headers={"HX-Refresh": "true"})  # back to the table, with the reason


def _job(request: LocationRequest, import_id: int) -> MemberImport:
    mine = MemberImport.objects.filter(location=request.location).select_related("uploaded_by")
    job: MemberImport = get_object_or_404(mine, pk=import_id)
    return job


def _answer(request: LocationRequest, job: MemberImport, words: str) -> HttpResponseBase:
    job = _job(request, job.pk)
    if job.state in {State.RUNNING, State.DONE}:
        context = _progress(request, job) | {"alert": words}
        return render(request, "membership/imports/progress.html", context, status=409)
    table = read_table(bytes(job.content))
    form = ColumnsForm(None, header=table.header, member_import=job)
    return _show_dry_run(request, job, table, form, alert=words, status=409)


def _show_dry_run(
    request: LocationRequest,
    job: MemberImport,
    table: Table,
    form: ColumnsForm,
    *,
    alert: str = "",
    status: int = 200,
) -> HttpResponseBase:
    refused = job.summary.get("refused")
    return render(
        request,
        "membership/imports/dry_run.html",
        {
            "job": job,
            "form": form,
            "table": table,
            "sample": [row.cells for row in table.rows[:SHOWN_ROWS]],
            "errors": [_line(error) for error in job.errors[:SHOWN_ERRORS]],
            "checked": "members" in job.summary and not form.is_bound,
            "alert": alert or (ImportRefused.WORDS[refused] if refused else ""),
        },
        status=status,
    )


def _line(error: dict[str, Any]) -> ErrorLine:
    return ErrorLine(
        row=error["row"],
        column=str(FIELDS[error["field"]]),
        value=error["value"],
        words=CellRefused.worded(error["code"], error.get("name", "")),
    )


def _progress(request: LocationRequest, job: MemberImport) -> dict[str, Any]:
    running = job.state == State.RUNNING
    return {
        "job": job,
        "running": running,
        "at_work": running and is_at_work(request.location),
        "percent": 100 * job.rows_done // max(job.rows_total, 1),
    }
