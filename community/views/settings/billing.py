"""Settings > Billing: what documents say, their numbers, and when bills are due."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.services import change_billing_details, next_numbers
from community.access import LocationRequest, for_admins
from community.forms.settings import BillingForm
from community.views.settings.saving import fresh, save


@require_http_methods(["GET", "POST"])
@for_admins
def billing(request: LocationRequest, slug: str) -> HttpResponseBase:
    numbers = next_numbers(location=request.location)
    form = BillingForm(request.POST or None, row=request.location, numbers=numbers)

    def write() -> None:
        change_billing_details(
            location=request.location,
            values=form.values(),
            next_numbers=form.moved_on_to,
            seen=form.seen,
            by=request.user,
            at=now(),
        )

    def saved() -> BillingForm:
        return BillingForm(row=fresh(request), numbers=numbers)

    if form.is_valid() and save(form, write, saved=saved):
        messages.success(request, _("Billing details saved."))
        return redirect("community:settings_billing", slug)
    return render(
        request,
        "community/settings/billing.html",
        {"form": form},
    )
