"""Membership > Bills > Auto-pay: a customer's choice that bills are paid as they are issued."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from community.access import LocationRequest, for_members
from community.models import Customer
from membership.forms import AutoPayForm
from membership.services.auto_paying import choose_auto_pay
from membership.services.refusals import CardNotUsable
from membership.views.whose import managed, whose


@require_POST
@for_members
def choose(request: LocationRequest, slug: str, company_id: int | None = None) -> HttpResponseBase:
    about = whose(request) if company_id is None else managed(request, company_id)
    customer = Customer.objects.select_related("location").get(pk=about.customer_id)
    form = AutoPayForm(request.POST)
    try:
        if not form.is_valid():
            raise CardNotUsable
        card_id = form.cleaned_data["card"]
        wish = choose_auto_pay(customer=customer, card_id=card_id, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        words = (
            _("Saved. Bills are paid with %(card)s as they are issued.") % {"card": wish.card}
            if wish
            else _("Saved. You pay each bill yourself.")
        )
        messages.success(request, words)
    return redirect(about.url("bills"))
