"""Settings > Tax: a change is confirmed with what members will pay."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from community.forms.settings import TaxForm
from community.money import Tax, apply_tax
from community.services.settings import TAX, change_settings
from community.views.settings.saving import fresh, meet, save, seal, unseal
from credits.models import CreditOption


@dataclass(frozen=True)
class PriceRow:
    """What an option costs a member before and after the change, in minor units."""

    credits: Decimal
    before_minor: int
    after_minor: int


@require_http_methods(["GET", "POST"])
@for_admins
def tax(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = TaxForm(request.POST or None, row=request.location)
    if form.is_valid():
        if form.is_stale():
            meet(form, TaxForm(row=request.location))
        elif _changes(request, form):
            return _confirm_page(request, form)
        else:
            messages.success(request, _("Tax saved."))
            return redirect("community:settings_tax", slug)
    return _page(request, form)


@require_POST
@for_admins
def confirm_tax(request: LocationRequest, slug: str) -> HttpResponseBase:
    data = unseal(request, TaxForm)
    if data is None:
        messages.error(request, _("This confirmation isn't valid any more. Nothing was changed."))
        return redirect("community:settings_tax", slug)
    form = TaxForm(data, row=request.location)

    def write() -> None:
        change_settings(
            location=request.location,
            names=TAX,
            values=form.values(),
            seen=form.seen,
            action="tax changed",
            by=request.user,
            at=now(),
        )

    if form.is_valid() and save(form, write, saved=lambda: TaxForm(row=fresh(request))):
        messages.success(request, _("Tax saved."))
        return redirect("community:settings_tax", slug)
    return _page(request, form)


def _changes(request: LocationRequest, form: TaxForm) -> bool:
    return _tax(form) != request.location.tax


def _tax(form: TaxForm) -> Tax:
    values = form.values()
    return Tax(
        name=values["tax_name"], percent=values["tax_percent"], included=values["tax_included"]
    )


def _confirm_page(request: LocationRequest, form: TaxForm) -> HttpResponse:
    former, new = request.location.tax, _tax(form)
    rows = [
        PriceRow(
            credits=option.credits,
            before_minor=apply_tax(option.price_minor, former).total_minor,
            after_minor=apply_tax(option.price_minor, new).total_minor,
        )
        for option in CreditOption.objects.on_sale()
    ]
    return render(
        request,
        "community/settings/confirm_tax.html",
        {"ticket": seal(request, form), "former": former, "new": new, "rows": rows},
    )


def _page(request: LocationRequest, form: TaxForm) -> HttpResponse:
    return render(request, "community/settings/tax.html", {"form": form})
