"""Settings > Bank transfer: the account that buyers transfer to."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import LocationRequest, for_admins
from membership.services.transfers import DUE_AFTER
from payments.forms import AccountForm
from payments.models import GatewayConnection
from payments.selectors import payments_under_way
from payments.services.transfers import TRANSFER, open_transfers
from payments.views.fresh import ask_again, is_fresh


@require_http_methods(["GET", "POST"])
@for_admins
def bank_transfer(request: LocationRequest, slug: str) -> HttpResponseBase:
    known = GatewayConnection.objects.filter(gateway=TRANSFER).select_related("connected_by")
    account: GatewayConnection | None = known.first()
    form = AccountForm(
        request.POST if request.method == "POST" else None,
        initial={"account_details": account.account_details if account else ""},
    )
    if form.is_valid():
        if account and not is_fresh(request):  # where the money goes is not for a borrowed browser
            return ask_again(request, request.path)
        open_transfers(location=request.location, by=request.user, at=now(), **form.cleaned_data)
        messages.success(request, _("Saved. Members can pay by bank transfer."))
        return redirect("community:settings_bank_transfer", slug)
    is_open = bool(account and account.state == GatewayConnection.State.CONNECTED)
    context = {
        "form": form,
        "account": account,
        "connection": account if is_open else None,
        "due_after_days": DUE_AFTER.days,
        "under_way": payments_under_way(account) if account else 0,
    }
    return render(request, "payments/settings/bank_transfer.html", context)
