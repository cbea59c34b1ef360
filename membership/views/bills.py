"""Membership > Bills: one's own, and those of the companies that one manages."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from billing.models import Bill, CreditNote
from billing.selectors import exemptions_of, figure_of, tax_rates
from billing.services import receivers_of
from community.access import LocationRequest, for_customers, for_members
from community.views.bills import facts_of_bill
from membership.models import Purchase
from membership.views.whose import Whose, managed, managed_links, whose
from payments.models import AutoPay, Card, GatewayConnection, Transaction

PER_PAGE = 25
LISTED = [
    ("", gettext_lazy("All")),
    (Bill.State.ISSUED.value, gettext_lazy("To pay")),
    (Bill.State.PAID.value, gettext_lazy("Paid")),
]


@require_GET
@for_customers
def bills(request: LocationRequest, slug: str) -> HttpResponseBase:
    return _list(request, whose(request))


@require_GET
@for_members
def company_bills(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    return _list(request, managed(request, company_id))


@require_GET
@for_customers
def bill(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    """Show a bill to whom it is made out to; company members ask their managers."""
    found, about = find_own_bill(request, bill_id)
    payable = found.state == Bill.State.ISSUED
    return render(
        request,
        "membership/bill.html",
        {
            **facts_of_bill(found),
            "whose": about,
            "connected": payable and GatewayConnection.objects.spoken_to().exists(),
            "under_way": found.charges.filter(
                state=Transaction.State.PENDING, submitted_at__isnull=False
            ).first()
            if payable
            else None,
        },
    )


def find_own_bill(request: LocationRequest, bill_id: int) -> tuple[Bill, Whose]:
    """Find a bill that the reader may pay, and whose it is; else 404.

    :raises PermissionDenied: if they belong to that company without managing it
    """
    known = Bill.objects.filter(
        location=request.location, customer_id__in=request.principal.customer_ids_to_look_at
    )
    known = known.with_who().select_related("location", "customer__billing_details")
    found = get_object_or_404(known, pk=bill_id)
    for standing in request.principal.companies:
        if standing.customer_id == found.customer_id:
            return found, managed(request, standing.company_id)
    return found, whose(request)


@require_GET
def credit_note(request: LocationRequest, slug: str, number: str) -> HttpResponseBase:
    """Show the document to whoever it is made out to, and to the location's staff."""
    note = find_credit_note(request, number)
    return render(
        request,
        "membership/credit_note.html",
        {
            "note": note,
            "rates": tax_rates(note.lines.all()),
            "exemptions": exemptions_of(note.lines.all()),
            "receivers": receivers_of(note.customer) if request.principal.is_admin else [],
        },
    )


def find_credit_note(request: LocationRequest, number: str) -> CreditNote:
    """Find a credit note that the reader may see, as its bill or receipt; else 404."""
    own = CreditNote.objects.visible_to(request.principal).values("pk")
    bought = Purchase.objects.own_to(request.principal).values("receipt")
    visible = CreditNote.objects.filter(Q(pk__in=own) | Q(receipt__in=bought))
    known = visible.select_related(
        *("bill", "receipt", "cancels", "customer__member__user", "customer__company")
    )
    found: CreditNote = get_object_or_404(known.prefetch_related("lines"), number=number)
    return found


def _list(request: LocationRequest, about: Whose) -> HttpResponseBase:
    own = Bill.objects.filter(customer_id=about.customer_id)
    asked = request.GET.get("state", "")
    chosen = asked if asked in dict(LISTED) else ""
    listed = own.filter(state=chosen) if chosen else own
    page = Paginator(listed.with_who().newest_first(), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "membership/bills.html",
        {
            "whose": about,
            "page": page,
            "states": LISTED,
            "chosen_state": chosen,
            "to_pay": figure_of(own.filter(state=Bill.State.ISSUED)),
            "active": own.active().first(),
            "switch": managed_links(request, about, "bills"),
            **_auto_pay(request, about),
        },
    )


def _auto_pay(request: LocationRequest, about: Whose) -> dict[str, Any]:
    """The cards that may pay by themselves, and which one does."""
    if request.principal.is_former:
        return {}
    wish = AutoPay.objects.filter(customer_id=about.customer_id).select_related("card").first()
    return {
        "cards": Card.objects.kept().filter(customer_id=about.customer_id),
        "auto_pay": wish,
        "auto_pay_url": about.url("auto_pay"),
    }
