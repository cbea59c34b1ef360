"""Settings > Location: what credits are good for, as members read it."""

from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from community.answers import lead_to
from community.forms import MoveForm
from community.forms.uses import UseForm
from community.views.settings.saving import save
from credits.models import CreditUse
from credits.services.uses import UseGone, add_use, change_use, move_use, remove_use


@require_http_methods(["GET", "POST"])
@for_admins
def add(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = UseForm(request.POST or None)
    if form.is_valid():
        try:
            add_use(location=request.location, by=request.user, at=now(), **form.values())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Members read it on their Credits page now."))
            return _back(request)
    return _page(request, form)


@require_http_methods(["GET", "POST"])
@for_admins
def edit(request: LocationRequest, slug: str, use_id: int) -> HttpResponseBase:
    use = _use(use_id)
    form = UseForm(request.POST or None, row=use)

    def write() -> None:
        change_use(use=use, seen=form.seen, by=request.user, at=now(), **form.values())

    if form.is_valid() and save(form, write, saved=lambda: UseForm(row=_use(use_id))):
        messages.success(request, _("%(name)s saved.") % {"name": form.cleaned_data["name"]})
        return _back(request)
    return _page(request, form, use)


@require_POST
@for_admins
def remove(request: LocationRequest, slug: str, use_id: int) -> HttpResponseBase:
    use = _use(use_id)
    with suppress(UseGone):
        remove_use(use=use, by=request.user, at=now())
    messages.success(request, _("%(name)s removed.") % {"name": use.name})
    return _back(request)


@require_POST
@for_admins
def move(request: LocationRequest, slug: str, use_id: int) -> HttpResponseBase:
    """Move a use in the list; the script of the page asks without leaving it."""
    use = _use(use_id)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    try:
        move_use(use=use, to=form.cleaned_data["to"], by=request.user, at=now())
    except UseGone as gone:
        raise Http404 from gone
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    messages.success(request, _("%(name)s moved.") % {"name": use.name})
    address = reverse("community:settings_location", args=[slug])
    return redirect(f"{address}#handle-{use_id}")


def _use(use_id: int) -> CreditUse:
    use: CreditUse = get_object_or_404(CreditUse.objects.select_related("location"), pk=use_id)
    return use


def _page(request: LocationRequest, form: UseForm, use: CreditUse | None = None) -> HttpResponse:
    return render(request, "community/settings/use_form.html", {"form": form, "use": use})


def _back(request: LocationRequest) -> HttpResponseBase:
    address = reverse("community:settings_location", args=[request.location.slug])
    return lead_to(request, address, place="#uses")
