"""The logo of a location: changed by its admins, seen by everybody."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_POST, require_safe

from community.access import LocationRequest, for_admins
from community.forms.logos import LogoForm
from community.models import LocationLogo
from community.services.logos import change_logo, remove_logo
from community.views.settings.location import location_page

A_YEAR_IN_SECONDS = 365 * 24 * 60 * 60


@require_POST
@for_admins
def change(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            change_logo(
                location=request.location,
                image=form.cleaned_data["image"],
                by=request.user,
                at=now(),
            )
        except ValidationError as refusal:
            form.add_error("image", refusal)
        else:
            messages.success(request, _("Logo saved."))
            return redirect("community:settings_location", slug)
    return location_page(request, logo=form)


@require_POST
@for_admins
def remove(request: LocationRequest, slug: str) -> HttpResponseBase:
    remove_logo(location=request.location, by=request.user, at=now())
    messages.success(request, _("Logo removed."))
    return redirect("community:settings_location", slug)


def _etag(_request: HttpRequest, place: str, digest: str) -> str:
    return f'"{digest}"'


@require_safe
@condition(etag_func=_etag)
def logo(request: HttpRequest, place: str, digest: str) -> HttpResponse:
    """The image at an address that names its content, so it may be kept for ever."""
    found = LocationLogo.objects.filter(location__slug=place, digest=digest).first()
    if found is None:
        raise Http404
    return HttpResponse(
        bytes(found.png),
        content_type="image/png",
        headers={"Cache-Control": f"public, max-age={A_YEAR_IN_SECONDS}, immutable"},
    )
