from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from community.admin import ReadOnly, operators
from community.money import format_money
from payments.models import Card, GatewayConnection, GatewayEvent, Transaction


@admin.register(GatewayConnection, site=operators)
class GatewayConnectionAdmin(ReadOnly):
    list_display = ("location", "gateway", "state", "account", "livemode", "connected_at")
    list_filter = ("state", "gateway")
    list_select_related = ("location",)
    search_fields = ("location__name", "account")
    # Named one by one: the key and the webhook's secret are for no eyes.
    fields = (
        *("location", "gateway", "state", "position", "account", "livemode"),
        *("publishable_key", "api_base", "connected_at", "connected_by", "disconnected_at"),
        *("account_name", "country", "account_currency", "charges_enabled"),
        *("checked_at", "check_failure", "clock_offset_seconds"),
        *("refused_events", "event_refused_at", "tested_at"),
    )


@admin.register(Card, site=operators)
class CardAdmin(ReadOnly):
    list_display = ("__str__", "location", "customer", "state", "created_at")
    list_filter = ("state", "location")
    list_select_related = ("location", "customer__member__user", "customer__company")
    search_fields = (
        "last4",
        "reference",
        "customer__member__user__email",
        "customer__company__name",
    )


@admin.register(Transaction, site=operators)
class TransactionAdmin(ReadOnly):
    list_display = (
        *("created_at", "location", "customer", "amount", "state", "paid_with"),
        *("failure_code", "reference"),
    )
    list_filter = ("state", "kind", "location")
    list_select_related = ("location", "customer__member__user", "customer__company")
    search_fields = (
        *("reference", "key", "failure_code"),
        *("customer__member__user__email", "customer__member__user__name"),
        "customer__company__name",
    )

    @admin.display(description=_("amount"))
    def amount(self, transaction: Transaction) -> str:
        return format_money(transaction.amount_minor, transaction.currency)


@admin.register(GatewayEvent, site=operators)
class GatewayEventAdmin(ReadOnly):
    list_display = (
        *("received_at", "location", "kind", "reference", "processed_at", "attempts", "error"),
    )
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "kind", "location")
    list_select_related = ("location",)
    search_fields = ("reference", "kind", "error")
