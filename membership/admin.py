from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from community.admin import ReadOnly, operators
from community.money import format_money
from membership.models import Purchase


@admin.register(Purchase, site=operators)
class PurchaseAdmin(ReadOnly):
    list_display = ("created_at", "location", "customer", "credits", "total", "method", "state")
    list_filter = ("state", "method", "location")
    list_select_related = ("location", "customer__member__user", "customer__company")
    search_fields = (
        "key",
        "customer__member__user__email",
        "customer__member__user__name",
        "customer__company__name",
    )

    @admin.display(description=_("total"))
    def total(self, purchase: Purchase) -> str:
        return format_money(purchase.total_minor, purchase.currency)
