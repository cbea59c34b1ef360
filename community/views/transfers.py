"""Community > Transfers: which are awaited, and what came for them."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.forms.transfers import ReceivedForm, TransferSearch
from community.money import say_credits
from config.broker import send_soon
from membership.services.transfers import cancel_transfer, confirm_transfer
from membership.tasks import send_documents
from payments.models import Transaction
from payments.models.transactions import TransactionQuerySet

PER_PAGE = 25


@require_GET
@for_staff
def transfers(request: LocationRequest, slug: str) -> HttpResponseBase:
    search = TransferSearch(request.GET)
    page = Paginator(search.apply(_transfers(request)), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search, "today": localtime(now()).date()}
    return render(request, "community/transfers.html", context)


@require_http_methods(["GET", "POST"])
@for_admins
def transfer(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    """Confirm what came; a transfer that was confirmed is only shown."""
    charge = get_object_or_404(_transfers(request), key=key)
    form = ReceivedForm(request.POST if request.method == "POST" else None, charge=charge)
    if form.is_valid() and _confirm(request, charge, form):
        return redirect("community:transfers", slug)
    return render(request, "community/transfer.html", {"charge": charge, "form": form})


@require_POST
@for_admins
def cancel(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    charge = get_object_or_404(_transfers(request), key=key)
    try:
        cancel_transfer(charge_id=charge.pk, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The transfer is not awaited any more."))
    return redirect("community:transfers", slug)


def _transfers(request: LocationRequest) -> TransactionQuerySet:
    found: TransactionQuerySet = (
        Transaction.objects.visible_to(request.principal)
        .transfers()
        .select_related(
            *("customer__member__user", "customer__company", "made_by", "purchase__receipt")
        )
    )
    return found


def _confirm(request: LocationRequest, charge: Transaction, form: ReceivedForm) -> bool:
    try:
        case = confirm_transfer(
            charge_id=charge.pk,
            amount_minor=form.cleaned_data["amount"],
            received_on=form.cleaned_data["received_on"],
            by=request.user,
            at=now(),
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    if case:
        messages.warning(
            request,
            _("This is another amount than asked for, so nothing was credited. See To review."),
        )
        return True
    send_soon(send_documents)
    words = _("Confirmed: %(credits)s for %(name)s.")
    facts = {"credits": say_credits(charge.purchase.credits), "name": charge.customer.name}
    messages.success(request, words % facts)
    return True
