from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from analytics.models import RevenueLine, RevenueMonth
from community.desk.rows import ReadOnly
from community.desk.site import desk
from community.money import format_money


@admin.register(RevenueLine, site=desk)
class RevenueLineAdmin(ReadOnly):
    list_display = ("happened_at", "location", "source", "method", "label", "net")
    list_filter = ("source", "location")
    list_select_related = ("location",)
    search_fields = ("label", "key")

    @admin.display(description=_("net"))
    def net(self, line: RevenueLine) -> str:
        return format_money(line.net_minor, line.currency)


@admin.register(RevenueMonth, site=desk)
class RevenueMonthAdmin(ReadOnly):
    list_display = ("month", "location", "source", "slot", "net", "lines")
    list_filter = ("source", "location")
    list_select_related = ("location",)

    @admin.display(description=_("net"))
    def net(self, rollup: RevenueMonth) -> str:
        return format_money(rollup.net_minor, rollup.location.currency)
