from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from billing.models import DocumentCounter, Receipt, ReceiptLine
from community.admin import ReadOnly, TabularInline, operators
from community.money import format_money


class ReceiptLineInline(TabularInline):
    model = ReceiptLine
    can_delete = False
    extra = max_num = 0
    fields = readonly_fields = (
        *("description", "net_minor", "tax_minor", "total_minor", "tax_name", "tax_percent"),
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
