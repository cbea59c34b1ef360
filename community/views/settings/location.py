"""Settings > Location: its name, where it is, and its currency."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from community.forms.logos import LogoForm
from community.forms.settings import LocationForm
from community.forms.uses import UseForm
from community.views.settings.saving import fresh, meet, save, seal, unseal
from community.wording import time_zone_choices
from credits.models import CreditOption, CreditUse
from membership.services.locations import change_location, is_currency_fixed


@require_GET
@for_admins
def settings(request: LocationRequest, slug: str) -> HttpResponseBase:
    return redirect("community:settings_location", slug)


@require_http_methods(["GET", "POST"])
@for_admins
def location(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = LocationForm(request.POST or None, row=request.location)
    if form.is_valid():
        if form.is_stale():
            meet(form, LocationForm(row=request.location))
        elif form.has_effects:
            return _confirm_page(request, form)
        elif _saved(request, form):
            return redirect("community:settings_location", slug)
    return location_page(request, form=form)


@require_POST
@for_admins
def confirm_location(request: LocationRequest, slug: str) -> HttpResponseBase:
    data = unseal(request, LocationForm)
    if data is None:
        messages.error(request, _("This confirmation isn't valid any more. Nothing was changed."))
        return redirect("community:settings_location", slug)
    form = LocationForm(data, row=request.location)
    if form.is_valid() and _saved(request, form):
        return redirect("community:settings_location", slug)
    return location_page(request, form=form)


def location_page(
    request: LocationRequest, *, form: LocationForm | None = None, logo: LogoForm | None = None
) -> HttpResponse:
    """Show the page with all its forms; one of them may hold an answer with errors."""
    fixed = is_currency_fixed(request.location)
    form = form or LocationForm(row=request.location)
    if fixed and not form.errors.get("currency"):
        form.fields["currency"].widget.attrs["disabled"] = True
    return render(
        request,
        "community/settings/location.html",
        {
            "form": form,
            "logo": logo or LogoForm(),
            "currency_fixed": fixed,
            "time_zones": time_zone_choices(),
            "uses": CreditUse.objects.order_by("position", "pk"),
            "use_form": UseForm(),
        },
    )


def _saved(request: LocationRequest, form: LocationForm) -> bool:
    def write() -> None:
        change_location(
            location=request.location,
            values=form.values(),
            seen=form.seen,
            by=request.user,
            at=now(),
        )

    done = save(form, write, saved=lambda: LocationForm(row=fresh(request)))
    if done:
        messages.success(request, _("Location saved."))
    return done


def _confirm_page(request: LocationRequest, form: LocationForm) -> HttpResponse:
    former, values = request.location, form.values()
    return render(
        request,
        "community/settings/confirm_location.html",
        {
            "ticket": seal(request, form),
            "values": values,
            "new_zone": values["time_zone"] if values["time_zone"] != former.time_zone else "",
            "new_currency": values["currency"] if values["currency"] != former.currency else "",
            "options": CreditOption.objects.on_sale().count(),
        },
    )
