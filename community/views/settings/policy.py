"""Settings > Credit policy: what credits on bills do, and what staff may do with credits."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import LocationRequest, for_admins
from community.forms.settings import CreditPolicyForm
from community.services.settings import CREDIT_POLICY, change_settings
from community.views.settings.saving import fresh, save


@require_http_methods(["GET", "POST"])
@for_admins
def credit_policy(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = CreditPolicyForm(request.POST or None, row=request.location)

    def write() -> None:
        change_settings(
            location=request.location,
            names=CREDIT_POLICY,
            values=form.values(),
            seen=form.seen,
            action="credit policy changed",
            by=request.user,
            at=now(),
        )

    def saved() -> CreditPolicyForm:
        return CreditPolicyForm(row=fresh(request))

    if form.is_valid() and save(form, write, saved=saved):
        messages.success(request, _("Credit policy saved."))
        return redirect("community:settings_credit_policy", slug)
    return render(request, "community/settings/credit_policy.html", {"form": form})
