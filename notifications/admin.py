from django.contrib import admin

from community.desk.finding import Finding
from community.desk.rows import ReadOnly
from community.desk.site import desk
from notifications.models import Delivery, Notification, PushSubscription


@admin.register(Notification, site=desk)
class NotificationAdmin(ReadOnly):
    finding = Finding(user="user")
    list_display = ("created_at", "location", "user", "kind", "read_at")
    list_filter = ("kind", "location")
    list_select_related = ("location", "user")
    search_fields = ("user__email", "user__name")


@admin.register(Delivery, site=desk)
class DeliveryAdmin(ReadOnly):
    finding = Finding(user="notification__user")
    list_display = (
        *("created_at", "location", "notification", "channel", "state", "attempts"),
        *("reason", "trouble", "ended_at"),
    )
    list_filter = ("state", "channel", "reason", "location")
    list_select_related = ("location", "notification")
    search_fields = ("notification__user__email", "notification__user__name")
    raw_id_fields = ("notification", "subscription")


@admin.register(PushSubscription, site=desk)
class PushSubscriptionAdmin(ReadOnly):
    """Devices by name. Their addresses and keys are nobody's to read."""

    place = ""

    list_display = ("created_at", "user", "browser", "ended_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name", "browser")
    fields = ("user", "browser", "created_at", "ended_at")
