"""A purchase by bank transfer as its buyer sees it: what to transfer, and whether it came."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.access import LocationRequest, for_members
from membership.models import Purchase
from membership.services.transfers import cancel_transfer
from membership.views.whose import Whose


def is_open_transfer(purchase: Purchase) -> bool:
    """Whether its page is that of a transfer: until the money came."""
    return bool(
        purchase.charge and purchase.charge.due_on and purchase.state != Purchase.State.COMPLETED
    )


def show_transfer(request: LocationRequest, purchase: Purchase, about: Whose) -> HttpResponse:
    context = {"purchase": purchase, "charge": purchase.charge, "whose": about}
    return render(request, "membership/transfer.html", context)


@require_POST
@for_members
def cancel(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    own = Purchase.objects.own_to(request.principal).filter(charge__due_on__isnull=False)
    purchase = get_object_or_404(own, key=key)
    assert purchase.charge_id
    try:
        cancel_transfer(charge_id=purchase.charge_id, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("Cancelled. Don't transfer it any more."))
    return redirect("membership:purchase", slug, key)
