"""Bills and documents in the admin: to find, to look at, and to put right with a reason."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from billing.models import (
    Bill,
    BillingDetails,
    BillItem,
    BillPayment,
    CreditNote,
    CreditNoteLine,
    Document,
    DocumentCounter,
    DocumentMail,
    Receipt,
    ReceiptLine,
)
from billing.services import left_of_items, send_document_again
from community.desk.acts import Act, Doing, ReasonForm
from community.desk.columns import money_column
from community.desk.filters import DayRange
from community.desk.finding import Finding
from community.desk.links import link_to
from community.desk.rows import Inline, ReadOnly
from community.desk.site import desk
from community.forms.bills import CreditNoteForm, MarkPaidForm
from community.forms.fields import PlainTextField
from config.broker import send_soon
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import issue_bill_by_hand
from membership.services.bill_payment import mark_bill_paid
from membership.tasks import send_documents

WHOSE = ("location", "customer__member__user", "customer__company")
AMOUNTS = ("net_minor", "tax_minor", "total_minor", "tax_name", "tax_percent", "exemption")
WHO = (
    "customer__member__user__email",
    "customer__member__user__name",
    "customer__company__name",
)


class MarkPaidForReason(MarkPaidForm):
    reason = PlainTextField(label=_("Reason"), max_length=200)


def _mail_soon() -> None:
    transaction.on_commit(lambda: send_soon(send_documents))


def _credit(bill: Bill, doing: Doing) -> None:
    credit_bill(
        bill_id=bill.pk,
        wanted=doing.form.wanted(),
        reason=doing.reason,
        waive_spent=doing.form.cleaned_data["waive_spent"],
        key=str(doing.form.cleaned_data["key"]),
        by=doing.by,
        at=doing.at,
    )
    _mail_soon()


def _issue(bill: Bill, doing: Doing) -> None:
    issue_bill_by_hand(bill_id=bill.pk, by=doing.by, at=doing.at)
    _mail_soon()


def _mark_paid(bill: Bill, doing: Doing) -> None:
    received = doing.form.received()
    mark_bill_paid(bill_id=bill.pk, received=received, by=doing.by, at=doing.at)
    _mail_soon()


def _send_again(document: Document, doing: Doing) -> None:
    send_document_again(document=document, by=doing.by, at=doing.at)
    _mail_soon()


issue = Act(
    "issue",
    _("Issue"),
    _issue,
    form=lambda data, _bill: ReasonForm(data),
    offered=lambda bill: bill.state == Bill.State.ACTIVE,
    warning=_("It gets a number. After that only a credit note corrects it."),
)
mark_paid = Act(
    "mark-paid",
    _("Mark paid"),
    _mark_paid,
    form=lambda data, _bill: MarkPaidForReason(data),
    offered=lambda bill: bill.state == Bill.State.ISSUED,
    warning=_("It says that the money has come. Credits that waited for it are added."),
)
credit = Act(
    "credit",
    _("Credit note"),
    _credit,
    form=lambda data, bill: CreditNoteForm(data, bill=bill, left=left_of_items(bill)),
    offered=lambda bill: bill.state in {Bill.State.ISSUED, Bill.State.PAID},
    warning=_("A credit note can't be taken back."),
    keeps_reason=True,
)
send_again = Act(
    "send-again",
    _("Send again"),
    _send_again,
    form=lambda data, _document: ReasonForm(data),
    offered=lambda document: bool(document.number),
    warning=_("It is mailed to whoever gets this customer's documents."),
)


class ReceiptLineInline(Inline):
    model = ReceiptLine
    fields = readonly_fields = ("description", *AMOUNTS)


@admin.register(Receipt, site=desk)
class ReceiptAdmin(ReadOnly):
    for_staff = True
    finding = Finding(
        customer="customer",
        exact=("number", "purchase__charge__reference"),
        minor="total_minor",
    )
    money = ("total_minor",)
    acts = (send_again,)
    total = money_column("total_minor", _("total"))
    list_display = ("number", "location", "customer", "issued_at", "paid_with", "total")
    list_filter = (
        "purchase__charge__connection__gateway",
        ("issued_at", DayRange),
        "location",
    )
    list_select_related = WHOSE
    search_fields = ("number", *WHO)
    readonly_fields = ("of",)
    inlines = (ReceiptLineInline,)

    @admin.display(description=_("purchase"))
    def of(self, receipt: Receipt) -> str:
        return link_to(getattr(receipt, "purchase", None))


@admin.register(DocumentCounter, site=desk)
class DocumentCounterAdmin(ReadOnly):
    list_display = ("location", "kind", "last_number")
    list_select_related = ("location",)


class BillItemInline(Inline):
    model = BillItem
    fields = readonly_fields = ("description", "source", *AMOUNTS, "removes", "added_by", "of")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BillItem]:
        return super().get_queryset(request).select_related("purchase", "removes", "added_by")

    @admin.display(description=_("purchase"))
    def of(self, item: BillItem) -> str:
        return link_to(getattr(item, "purchase", None))


@admin.register(Bill, site=desk)
class BillAdmin(ReadOnly):
    for_staff = True
    finding = Finding(
        customer="customer",
        exact=("number", "charges__reference"),
        minor="total_minor",
        elsewhere=lambda words: BillPayment.objects.filter(reference=words).values("bill"),
    )
    money = ("total_minor", "credited_minor")
    acts = (issue, mark_paid, credit, send_again)
    total = money_column("total_minor", _("total"))
    left = money_column("left_minor", _("without what was credited"))
    list_display = ("__str__", "location", "customer", "state", "due_on", "total", "left")
    list_filter = (
        *("state", "payments__method"),
        *(("issued_at", DayRange), ("due_on", DayRange), "location"),
    )
    list_select_related = WHOSE
    search_fields = ("number", *WHO)
    readonly_fields = ("paid_by",)
    inlines = (BillItemInline,)

    @admin.display(description=_("payments"))
    def paid_by(self, bill: Bill) -> str:
        links = [(link_to(payment),) for payment in bill.payments.order_by("position")]
        return format_html_join(", ", "{}", links)


@admin.register(BillingDetails, site=desk)
class BillingDetailsAdmin(ReadOnly):
    list_display = ("customer", "location", "name", "vat_number", "exemption")
    list_filter = ("exemption", "location")
    list_select_related = WHOSE
    search_fields = ("name", "vat_number", *WHO)


@admin.register(BillPayment, site=desk)
class BillPaymentAdmin(ReadOnly):
    for_staff = True
    money = ("amount_minor",)
    finding = Finding(
        customer="bill__customer",
        exact=("bill__number", "reference", "bill__charges__reference"),
        minor="amount_minor",
    )
    amount = money_column("amount_minor", _("amount"))
    list_display = ("paid_on", "location", "bill", "method", "reference", "amount")
    list_filter = ("method", ("paid_on", DayRange), "location")
    list_select_related = ("location", "bill")
    search_fields = ("bill__number", "reference")


class Corrected(admin.SimpleListFilter):
    """By what a credit note corrects, which says how that was paid or is to be."""

    title = _("corrects")
    parameter_name = "corrects"

    def lookups(self, _request: HttpRequest, _page: Any) -> list[tuple[str, Any]]:
        return [("bill", _("a bill")), ("receipt", _("a receipt"))]

    def queryset(self, _request: HttpRequest, notes: QuerySet[CreditNote]) -> QuerySet[CreditNote]:
        if self.value() not in {"bill", "receipt"}:
            return notes
        return notes.filter(**{f"{self.value()}__isnull": False})


class CreditNoteLineInline(Inline):
    model = CreditNoteLine
    fields = readonly_fields = ("description", *AMOUNTS, "left_minor")


@admin.register(CreditNote, site=desk)
class CreditNoteAdmin(ReadOnly):
    subject = "credit note"
    for_staff = True
    finding = Finding(
        customer="customer",
        exact=("number", "receipt__purchase__charge__reference", "bill__charges__reference"),
        minor="total_minor",
    )
    money = ("total_minor",)
    acts = (send_again,)
    total = money_column("total_minor", _("total"))
    list_display = ("number", "location", "customer", "about", "issued_at", "reason", "total")
    list_filter = (Corrected, ("issued_at", DayRange), "location")
    list_select_related = (*WHOSE, "bill", "receipt")
    search_fields = ("number", *WHO)
    inlines = (CreditNoteLineInline,)


@admin.register(DocumentMail, site=desk)
class DocumentMailAdmin(ReadOnly):
    finding = Finding(exact=("bill__number", "receipt__number", "credit_note__number"))
    list_display = ("created_at", "location", "document", "kind", "state", "attempts", "trouble")
    list_filter = ("state", "kind", "location")
    list_select_related = ("location", "bill", "receipt", "credit_note")
    search_fields = ("bill__number", "receipt__number", "credit_note__number")
