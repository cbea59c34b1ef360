"""Where a gateway sends payers back to: on to the page of what they paid."""

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from community.access import LocationRequest, for_customers
from membership.models import Purchase
from membership.views.bills import find_own_bill
from payments.models import Transaction


@require_GET
@for_customers
def come_back(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """What the address says of the payment is not read: that page asks the gateway."""
    if Purchase.objects.own_to(request.principal).filter(key=key).exists():
        return redirect("membership:purchase", slug, key)
    charge = get_object_or_404(Transaction, key=key, bill__isnull=False)
    assert charge.bill_id
    bill, _about = find_own_bill(request, charge.bill_id)
    return redirect("membership:bill_payment", slug, bill.pk, key)
