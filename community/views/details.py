"""The billing details of a member or a company: for staff to read, for admins to change."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.selectors import exemption_words
from billing.services import change_customer_details, details_of
from community.access import LocationRequest, for_staff
from community.forms.details import DetailsForm, TaxedDetailsForm
from community.models import Customer
from community.views.customers import back_to, find_customer
from community.views.settings.saving import save


@require_http_methods(["GET", "POST"])
@for_staff
def member_details(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    _refuse_changes_by_staff(request)
    return _details_of(request, find_customer(request, member_id=member_id))


@require_http_methods(["GET", "POST"])
@for_staff
def company_details(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    _refuse_changes_by_staff(request)
    return _details_of(request, find_customer(request, company_id=company_id))


def _refuse_changes_by_staff(request: LocationRequest) -> None:
    if request.method == "POST" and not request.principal.is_admin:
        raise PermissionDenied(_("Only admins of the location may do this."))


def _details_of(request: LocationRequest, customer: Customer) -> HttpResponseBase:
    details = details_of(customer)
    form = TaxedDetailsForm(request.POST or None, row=details)
    if form.is_valid() and save_details(request, form, customer):
        return back_to(request, customer, "bills")
    context = {
        "customer": customer,
        "details": details,
        "exemption": exemption_words(details.no_tax_because),
        "form": form,
    }
    return render(request, "community/customer_details.html", context)


def save_details(request: LocationRequest, form: DetailsForm, customer: Customer) -> bool:
    """Change what the form may change, and say so; what is refused stands in the form."""

    def write() -> None:
        change_customer_details(
            customer=customer,
            names=form.names,
            values=form.values(),
            seen=form.seen,
            by=request.user,
            at=now(),
        )

    def saved() -> DetailsForm:
        return type(form)(row=details_of(Customer.objects.get(pk=customer.pk)))

    if not save(form, write, saved=saved):
        return False
    messages.success(request, _("Billing details saved."))
    return True
