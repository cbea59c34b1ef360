from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.models import (
    Bill,
    BillingDetails,
    BillItem,
    BillPayment,
    CreditNote,
    CreditNoteLine,
    DocumentCounter,
    DocumentMail,
    Receipt,
    ReceiptLine,
)
from community.admin import ReadOnly, TabularInline, operators
from community.money import format_money


class ReceiptLineInline(TabularInline):
    model = ReceiptLine
    can_delete = False
    extra = max_num = 0
    fields = readonly_fields = (
        *("description", "net_minor", "tax_minor", "total_minor", "tax_name", "tax_percent"),
        "exemption",
    )


@admin.register(Receipt, site=operators)
class ReceiptAdmin(ReadOnly):
    list_display = ("number", "location", "customer", "issued_at", "paid_with", "total")
    list_filter = ("location",)
    list_select_related = ("location", "customer__member__user", "customer__company")
    search_fields = (
        "number",
        "customer__member__user__email",
        "customer__member__user__name",
        "customer__company__name",
    )
    inlines = (ReceiptLineInline,)

    @admin.display(description=_("total"))
    def total(self, receipt: Receipt) -> str:
        return format_money(receipt.total_minor, receipt.currency)


@admin.register(DocumentCounter, site=operators)
class DocumentCounterAdmin(ReadOnly):
    list_display = ("location", "kind", "last_number")
    list_select_related = ("location",)


WHO = (
    "number",
    "customer__member__user__email",
    "customer__member__user__name",
    "customer__company__name",
)
WHOSE = ("location", "customer__member__user", "customer__company")
AMOUNTS = ("net_minor", "tax_minor", "total_minor", "tax_name", "tax_percent", "exemption")


class BillItemInline(TabularInline):
    model = BillItem
    can_delete = False
    extra = max_num = 0
    fields = readonly_fields = ("description", "source", *AMOUNTS, "removes", "added_by")


@admin.register(Bill, site=operators)
class BillAdmin(ReadOnly):
    list_display = ("__str__", "location", "customer", "state", "due_on", "total", "left")
    list_filter = ("state", "location")
    list_select_related = WHOSE
    search_fields = WHO
    inlines = (BillItemInline,)

    @admin.display(description=_("total"))
    def total(self, bill: Bill) -> str:
        return format_money(bill.total_minor, bill.currency)

    @admin.display(description=_("without what was credited"))
    def left(self, bill: Bill) -> str:
        return format_money(bill.left_minor, bill.currency)


@admin.register(BillingDetails, site=operators)
class BillingDetailsAdmin(ReadOnly):
    list_display = ("customer", "location", "name", "vat_number", "exemption")
    list_filter = ("exemption", "location")
    list_select_related = WHOSE
    search_fields = ("name", "vat_number", *WHO[1:])


@admin.register(BillPayment, site=operators)
class BillPaymentAdmin(ReadOnly):
    list_display = ("paid_on", "location", "bill", "method", "reference", "amount")
    list_filter = ("method", "location")
    list_select_related = ("location", "bill")
    search_fields = ("bill__number", "reference")

    @admin.display(description=_("amount"))
    def amount(self, payment: BillPayment) -> str:
        return format_money(payment.amount_minor, payment.currency)


class CreditNoteLineInline(TabularInline):
    model = CreditNoteLine
    can_delete = False
    extra = max_num = 0
    fields = readonly_fields = ("description", *AMOUNTS, "left_minor")


@admin.register(CreditNote, site=operators)
class CreditNoteAdmin(ReadOnly):
    list_display = ("number", "location", "customer", "about", "issued_at", "reason", "total")
    list_filter = ("location",)
    list_select_related = (*WHOSE, "bill", "receipt")
    search_fields = WHO
    inlines = (CreditNoteLineInline,)

    @admin.display(description=_("total"))
    def total(self, note: CreditNote) -> str:
        return format_money(note.total_minor, note.currency)


@admin.register(DocumentMail, site=operators)
class DocumentMailAdmin(ReadOnly):
    list_display = ("created_at", "location", "document", "kind", "state", "attempts", "trouble")
    list_filter = ("state", "kind", "location")
    list_select_related = ("location", "bill", "receipt", "credit_note")
    search_fields = ("bill__number", "receipt__number", "credit_note__number")
