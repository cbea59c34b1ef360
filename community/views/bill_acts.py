"""What admins do to a bill: open, add, remove, issue, mark paid, credit."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.models import Bill, BillItem
from billing.services import left_of_items
from community.access import LocationRequest, for_admins
from community.forms.bills import BillItemForm, CreditNoteForm, MarkPaidForm, RemoveItemForm
from community.models import Customer
from community.views.bills import find_bill, show_bill
from community.views.customers import back_to, find_customer
from config.broker import send_soon
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
    remove_item,
)
from membership.services.bill_payment import mark_bill_paid
from membership.tasks import send_documents


@require_POST
@for_admins
def open_for_member(request: LocationRequest, slug: str, member_id: int) -> HttpResponseBase:
    return _open(request, find_customer(request, member_id=member_id))


@require_POST
@for_admins
def open_for_company(request: LocationRequest, slug: str, company_id: int) -> HttpResponseBase:
    return _open(request, find_customer(request, company_id=company_id))


def _open(request: LocationRequest, customer: Customer) -> HttpResponseBase:
    # One bill at most is open per customer, so the latest one tells two clicks apart.
    latest = Bill.objects.filter(customer=customer).order_by("-pk").values_list("pk", flat=True)
    key = f"{customer.pk}:{latest.first() or 0}"
    try:
        bill = open_bill_by_hand(customer=customer, key=key, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return back_to(request, customer, "bills")
    return redirect("community:bill", request.location.slug, bill.pk)


@require_POST
@for_admins
def add_item(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    bill = find_bill(request, bill_id)
    form = BillItemForm(request.POST, bill=bill)
    if not form.is_valid() or not _add(request, bill, form):
        return show_bill(request, find_bill(request, bill_id), item_form=form)
    return redirect("community:bill", slug, bill_id)


def _add(request: LocationRequest, bill: Bill, form: BillItemForm) -> bool:
    try:
        item = add_manual_item(
            bill_id=bill.pk,
            description=form.cleaned_data["description"],
            price_minor=form.cleaned_data["amount"],
            key=str(form.cleaned_data["key"]),
            by=request.user,
            at=now(),
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, _("%(item)s is on the bill.") % {"item": item.description})
    return True


@require_http_methods(["GET", "POST"])
@for_admins
def remove(request: LocationRequest, slug: str, bill_id: int, item_id: int) -> HttpResponseBase:
    bill = find_bill(request, bill_id)
    item = get_object_or_404(bill.items.filter(removes=None).select_related("purchase"), pk=item_id)
    form = RemoveItemForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _remove(request, bill, item, form):
        messages.success(request, _("It is off the bill."))
        return redirect("community:bill", slug, bill_id)
    return render(
        request, "community/remove_bill_item.html", {"bill": bill, "item": item, "form": form}
    )


def _remove(request: LocationRequest, bill: Bill, item: BillItem, form: RemoveItemForm) -> bool:
    try:
        remove_item(
            bill_id=bill.pk, item_id=item.pk, by=request.user, at=now(), **form.cleaned_data
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    send_soon(send_documents)
    return True


@require_POST
@for_admins
def issue(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    bill = find_bill(request, bill_id)
    try:
        issue_bill_by_hand(bill_id=bill.pk, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        send_soon(send_documents)
        messages.success(request, _("The bill is issued."))
    return redirect("community:bill", slug, bill_id)


@require_POST
@for_admins
def mark_paid(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    bill = find_bill(request, bill_id)
    form = MarkPaidForm(request.POST)
    if form.is_valid():
        try:
            mark_bill_paid(bill_id=bill.pk, received=form.received(), by=request.user, at=now())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("%(number)s is paid.") % {"number": bill.number})
            return redirect("community:bill", slug, bill_id)
    return show_bill(request, find_bill(request, bill_id), paid_form=form)


@require_http_methods(["GET", "POST"])
@for_admins
def credit(request: LocationRequest, slug: str, bill_id: int) -> HttpResponseBase:
    bill = find_bill(request, bill_id)
    form = CreditNoteForm(request.POST or None, bill=bill, left=left_of_items(bill))
    if bill.state not in {Bill.State.ISSUED, Bill.State.PAID} or not form.left:
        messages.error(request, _("There is nothing to credit on this bill."))
        return redirect("community:bill", slug, bill_id)
    if form.is_valid() and (number := _credit(request, bill, form)):
        messages.success(request, _("Credit note %(number)s is issued.") % {"number": number})
        return redirect("community:bill", slug, bill_id)
    return render(request, "community/credit_bill.html", {"bill": bill, "form": form})


def _credit(request: LocationRequest, bill: Bill, form: CreditNoteForm) -> str:
    try:
        note = credit_bill(
            bill_id=bill.pk,
            wanted=form.wanted(),
            reason=form.cleaned_data["reason"],
            waive_spent=form.cleaned_data["waive_spent"],
            key=str(form.cleaned_data["key"]),
            by=request.user,
            at=now(),
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return ""
    send_soon(send_documents)
    return note.number
