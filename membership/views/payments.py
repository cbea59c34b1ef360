from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.models import Receipt
from community.access import LocationRequest, for_members
from payments.models import Card, Transaction
from payments.services.cards import remove_card

PER_PAGE = 25


@require_GET
@for_members
def transactions(request: LocationRequest, slug: str) -> HttpResponseBase:
    own = (
        Transaction.objects.filter(customer_id=request.principal.customer_id)
        .select_related("purchase__receipt", "connection")
        .newest_first()
    )
    return render(
        request,
        "membership/payments.html",
        {
            "page": Paginator(own, PER_PAGE).get_page(request.GET.get("page")),
            "cards": Card.objects.kept().filter(customer_id=request.principal.customer_id),
        },
    )


@require_POST
@for_members
def remove(request: LocationRequest, slug: str, card_id: int) -> HttpResponseBase:
    card = get_object_or_404(
        Card.objects.kept().filter(customer_id=request.principal.customer_id), pk=card_id
    )
    try:
        remove_card(card=card)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("%(card)s removed.") % {"card": card})
    return redirect("membership:payments", slug)


@require_GET
def receipt(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    """Show the document to whoever it is made out to, and to the location's staff."""
    if "\0" in number:  # no text to Postgres
        raise Http404
    document = get_object_or_404(
        Receipt.objects.visible_to(request.principal).prefetch_related("lines"), number=number
    )
    return render(request, "membership/receipt.html", {"receipt": document})
