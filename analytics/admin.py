from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from analytics.models import RevenueLine, RevenueMonth
from community.desk.columns import money_column
from community.desk.finding import Finding
from community.desk.rows import ReadOnly
from community.desk.site import desk


@admin.register(RevenueLine, site=desk)
class RevenueLineAdmin(ReadOnly):
    finding = Finding(exact=("key",))
    net = money_column("net_minor", _("net"))
    list_display = ("happened_at", "location", "source", "method", "label", "net")
    list_filter = ("source", "location")
    list_select_related = ("location",)
    search_fields = ("key",)


@admin.register(RevenueMonth, site=desk)
class RevenueMonthAdmin(ReadOnly):
    net = money_column("net_minor", _("net"), currency="location.currency")
    list_display = ("month", "location", "source", "slot", "net", "lines")
    list_filter = ("source", "location")
    list_select_related = ("location",)
