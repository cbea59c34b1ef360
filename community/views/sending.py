"""A document is sent again, to whoever gets its customer's documents."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.models import Bill, Document
from billing.services import send_document_again
from community.access import LocationRequest, for_admins
from config.broker import send_soon
from membership.tasks import send_documents
from membership.views.bills import find_credit_note
from membership.views.payments import find_receipt


@require_POST
@for_admins
def send_bill(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    """Send an issued bill; an active one is no document yet."""
    issued = Bill.objects.visible_to(request.principal).with_who().exclude(number="")
    _send(request, get_object_or_404(issued, pk=bill_id))
    return redirect("community:bill", slug, bill_id)


@require_POST
@for_admins
def send_receipt(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    _send(request, find_receipt(request, number))
    return redirect("membership:receipt", slug, number)


@require_POST
@for_admins
def send_credit_note(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    _send(request, find_credit_note(request, number))
    return redirect("membership:credit_note", slug, number)


def _send(request: LocationRequest, document: Document) -> None:
    try:
        receivers = send_document_again(document=document, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return
    send_soon(send_documents)
    to = ", ".join(receiver.email for receiver in receivers)
    messages.success(
        request, _("%(number)s is on its way to %(to)s.") % {"number": document, "to": to}
    )
