"""Membership > Bills > Billing details: of oneself, or of a company that one manages."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.selectors import exemption_words
from billing.services import details_of
from community.access import LocationRequest, for_members
from community.forms.details import DetailsForm
from community.models import Customer
from community.views.details import save_details
from membership.views.whose import managed, managed_links, whose


@require_http_methods(["GET", "POST"])
@for_members
def billing_details(
    request: LocationRequest, slug: str, company_id: int | None = None
) -> HttpResponseBase:
    about = whose(request) if company_id is None else managed(request, company_id)
    if about.company and request.method == "POST" and not request.principal.may_buy:
        raise PermissionDenied(_("Your membership is suspended, so you can't decide this now."))
    customer = (
        Customer.objects.with_who()
        .select_related("location", "billing_details")
        .get(pk=about.customer_id)
    )
    details = details_of(customer)
    form = DetailsForm(request.POST or None, row=details)
    if form.is_valid() and save_details(request, form, customer):
        return redirect(about.bills_url)
    return render(
        request,
        "membership/billing_details.html",
        {
            "whose": about,
            "switch": managed_links(request, about, "billing_details"),
            "customer": customer,
            "exemption": exemption_words(details.no_tax_because),
            "form": form,
        },
    )
