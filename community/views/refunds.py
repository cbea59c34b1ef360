"""A refund made outside a gateway, noted on the payment that it gives back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import LocationRequest, for_admins
from community.forms.refunds import RefundForm
from community.money import format_money
from community.views.customers import address_of
from config.broker import send_soon
from membership.services.outside_refunds import record_outside_refund
from membership.tasks import send_documents
from payments.models import Transaction


@require_http_methods(["GET", "POST"])
@for_admins
def refund(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    charge = _find(request, key)
    payments_url = address_of(request, charge.customer, "payments")
    form = RefundForm(request.POST if request.method == "POST" else None, charge=charge)
    if form.is_valid() and _record(request, charge, form):
        return redirect(payments_url)
    context = {"charge": charge, "form": form, "payments_url": payments_url}
    return render(request, "community/refund.html", context)


def _find(request: LocationRequest, key: UUID) -> Transaction:
    paid = (
        Transaction.objects.visible_to(request.principal)
        .charges()
        .filter(state=Transaction.State.SUCCEEDED)
    )
    found: Transaction = get_object_or_404(
        paid.select_related(
            *("customer__member__user", "customer__company", "purchase__receipt", "bill")
        ),
        key=key,
    )
    return found


def _record(request: LocationRequest, charge: Transaction, form: RefundForm) -> bool:
    try:
        made = record_outside_refund(
            charge_id=charge.pk,
            amount_minor=form.cleaned_data["amount"],
            reference=form.cleaned_data["reference"],
            refunded_on=form.cleaned_data["refunded_on"],
            by=request.user,
            at=now(),
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    send_soon(send_documents)
    total = format_money(made.amount_minor, made.currency)
    messages.success(request, _("The refund of %(total)s is noted.") % {"total": total})
    return True
