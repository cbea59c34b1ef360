"""Community > Bills, a customer's Bills tab, and the page of one bill."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_scopes import scope

from billing.models import Bill, BillItem, DocumentMail
from billing.selectors import bill_figures, exemption_words, exemptions_of, figure_of, tax_rates
from billing.services import buyer_of, receivers_of
from community.access import LocationRequest, for_staff
from community.downloads import Rows, csv_download
from community.forms.bills import BillFilter, BillItemForm, MarkPaidForm
from community.models import Customer
from community.money import to_major
from community.views.customers import find_customer
from community.views.sections import counts
from membership.models import Purchase
from payments.models import ReviewCase

PER_PAGE = 25
MAILS_SHOWN = 10


@require_GET
@for_staff
def bills(request: LocationRequest, slug: str) -> HttpResponseBase:
    chosen = BillFilter(request.GET)
    found = chosen.apply(Bill.objects.visible_to(request.principal), today=today())
    rows = found.with_who().newest_first()
    return render(
        request,
        "community/bills.html",
        {
            "filter": chosen,
            "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
            "listed": figure_of(found),
            "figures": bill_figures(today=today()),
            "month": today(),
            "to_review": ReviewCase.objects.filter(location=request.location).open().count(),
            **counts(request),
        },
    )


@require_GET
@for_staff
def bills_csv(request: LocationRequest, slug: str) -> HttpResponseBase:
    rows = _csv_rows(request, BillFilter(request.GET), today())
    return csv_download(rows, name=f"bills-{slug}-{today():%Y-%m-%d}.csv")


@require_GET
@for_staff
def member_bills(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    return _bills_of(request, find_customer(request, member_id=member_id))


@require_GET
@for_staff
def company_bills(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    return _bills_of(request, find_customer(request, company_id=company_id))


def _bills_of(request: LocationRequest, customer: Customer) -> HttpResponseBase:
    own = Bill.objects.visible_to(request.principal).filter(customer=customer)
    page = Paginator(own.with_who().newest_first(), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "community/customer_bills.html",
        {
            "customer": customer,
            "page": page,
            "active": own.active().first(),
        },
    )


@require_GET
@for_staff
def bill(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    return show_bill(request, find_bill(request, bill_id))


def find_bill(request: LocationRequest, bill_id: int) -> Bill:
    """Find a bill that the reader may see; else 404."""
    known = Bill.objects.visible_to(request.principal).with_who()
    known = known.select_related("location", "customer__billing_details")
    found: Bill = get_object_or_404(known, pk=bill_id)
    return found


def show_bill(
    request: LocationRequest,
    bill: Bill,
    *,
    item_form: BillItemForm | None = None,
    paid_form: MarkPaidForm | None = None,
) -> HttpResponseBase:
    """Show the page of a bill; a form that was refused comes back open."""
    return render(
        request,
        "community/bill.html",
        {
            **facts_of_bill(bill),
            "mails": _mails_of(bill),
            "receivers": receivers_of(bill.customer) if request.principal.is_admin else [],
            "item_form": item_form or BillItemForm(bill=bill),
            "paid_form": paid_form or MarkPaidForm(),
        },
    )


def _mails_of(bill: Bill) -> QuerySet[DocumentMail]:
    """The latest, without those that were needed no longer."""
    told: QuerySet[DocumentMail] = (
        DocumentMail.objects.filter(bill=bill)
        .exclude(state=DocumentMail.State.DROPPED)
        .newest_first()[:MAILS_SHOWN]
    )
    return told


def facts_of_bill(bill: Bill) -> dict[str, Any]:
    """What every page of a bill shows: items, tax by rate, credit notes."""
    items = (
        BillItem.objects.standing()
        .filter(bill=bill)
        .select_related("added_by", "purchase")
        .order_by("pk")
    )
    return {
        "bill": bill,
        "items": items,
        "billed_to": bill.buyer or buyer_of(bill.customer).snapshot(),
        "rates": tax_rates(items),
        "exemptions": exemptions_of(items),
        "credit_notes": bill.credit_notes.order_by("pk"),
    }


@require_GET
@for_staff
def purchase(request: LocationRequest, slug: str, key: UUID) -> HttpResponseBase:
    known = Purchase.objects.visible_to(request.principal).select_related(
        "customer__member__user",
        "customer__company",
        "bought_by__user",
        "assignment__plan",
        "bill_item__bill",
        "receipt",
        "charge__connection",
    )
    found = get_object_or_404(known, key=key)
    exemption = exemption_words(found.exemption)
    context = {"purchase": found, "exemption": exemption}
    return render(request, "community/purchase.html", context)


def today() -> date:
    return localtime(now()).date()


def _csv_rows(request: LocationRequest, chosen: BillFilter, day: date) -> Rows:
    yield [
        *(_("Number"), _("Customer"), _("State"), _("From"), _("Until")),
        *(_("Issued"), _("Due")),
        *(_("Currency"), _("Net"), _("Tax"), _("Total"), _("Credited")),
    ]
    # The response is read after the middleware has closed the scope: open it here.
    with scope(location=request.location):
        found = chosen.apply(Bill.objects.visible_to(request.principal), today=day)
        for bill in found.with_who().newest_first().iterator(chunk_size=500):
            yield _csv_row(bill, request)


def _csv_row(bill: Bill, request: LocationRequest) -> list[object]:
    amounts = (bill.net_minor, bill.tax_minor, bill.total_minor, bill.credited_minor)
    issued = bill.issued_at and localtime(bill.issued_at, request.location.zone).date()
    return [
        bill.number,
        bill.customer.name,
        bill.get_state_display(),
        bill.period_start or "",
        bill.last_day or "",
        issued or "",
        bill.due_on or "",
        bill.currency,
        *(to_major(minor, bill.currency) for minor in amounts),
    ]
