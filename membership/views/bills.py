"""Membership > Bills: one's own, and those of the companies that one manages."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.models import Bill, CreditNote
from billing.selectors import figure_of, tax_rates
from community.access import LocationRequest, for_customers, for_members
from community.models import Location
from community.principals import CompanyStanding
from community.views.bills import facts_of_bill
from membership.views.whose import managers_of

PER_PAGE = 25


@require_GET
@for_customers
def bills(request: LocationRequest, slug: str) -> HttpResponseBase:
    return _list(request, request.principal.customer_id, whose=None)


@require_GET
@for_members
def company_bills(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    standing = next((it for it in _companies(request) if it.company_id == company_id), None)
    if standing is None:
        raise Http404
    _refuse_unless_manager(standing, request.location)
    return _list(request, standing.customer_id, whose=standing)


@require_GET
@for_customers
def bill(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    """Show a bill to whom it is made out to; company members ask their managers."""
    known = Bill.objects.filter(
        location=request.location, customer_id__in=request.principal.customer_ids_to_look_at
    )
    found = get_object_or_404(known.with_who().select_related("location"), pk=bill_id)
    standing = next((it for it in _companies(request) if it.customer_id == found.customer_id), None)
    if standing:
        _refuse_unless_manager(standing, request.location)
    return render(request, "membership/bill.html", {**facts_of_bill(found), "whose": standing})


@require_GET
def credit_note(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    """Show the document to whoever it is made out to, and to the location's staff."""
    note = find_credit_note(request, number)
    return render(
        request, "membership/credit_note.html", {"note": note, "rates": tax_rates(note.lines.all())}
    )


def find_credit_note(request: LocationRequest, number: str) -> CreditNote:
    """Find a credit note that the reader may see; else 404."""
    known = CreditNote.objects.visible_to(request.principal).select_related("bill")
    found: CreditNote = get_object_or_404(known.prefetch_related("lines"), number=number)
    return found


def _list(
    request: LocationRequest, customer_id: int, *, whose: CompanyStanding | None
) -> HttpResponseBase:
    own = Bill.objects.filter(customer_id=customer_id)
    page = Paginator(own.with_who().newest_first(), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "membership/bills.html",
        {
            "page": page,
            "to_pay": figure_of(own.filter(state=Bill.State.ISSUED)),
            "active": own.active().first(),
            "whose": whose,
            "managed": [it for it in _companies(request) if it.is_manager],
        },
    )


def _companies(request: LocationRequest) -> tuple[CompanyStanding, ...]:
    return request.principal.companies


def _refuse_unless_manager(standing: CompanyStanding, location: Location) -> None:
    if standing.is_manager:
        return
    names = managers_of(standing.company_id, else_ask=location.name)
    raise PermissionDenied(
        _("Only managers see the bills of %(company)s. Ask %(managers)s.")
        % {"company": standing.name, "managers": names}
    )
