"""Bills, receipts and credit notes as PDF, for whoever may see their pages."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from billing.documents import bill_pdf, credit_note_pdf, receipt_pdf
from billing.models import Bill
from community.access import LocationRequest
from membership.views.bills import find_credit_note
from membership.views.payments import find_receipt


@require_GET
def bill(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    """Hand over an issued bill; an active one is no document yet."""
    issued = Bill.objects.visible_to(request.principal).exclude(number="")
    found = get_object_or_404(issued, pk=bill_id)
    return _handed_over(bill_pdf(found), found.number)


@require_GET
def receipt(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    found = find_receipt(request, number)
    return _handed_over(receipt_pdf(found), found.number)


@require_GET
def credit_note(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    found = find_credit_note(request, number)
    return _handed_over(credit_note_pdf(found), found.number)


def _handed_over(pdf: bytes, number: str) -> HttpResponse:
    """Hand it over as a file that is called by its number.

    Not inline: our content security policy keeps some browsers' PDF viewer from working.
    """
    name = content_disposition_header(as_attachment=True, filename=f"{number}.pdf")
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": name or "attachment", "Cache-Control": "private, no-store"},
    )
