from django.contrib import admin

from community.admin import ReadOnly, operators
from notifications.models import Notification


@admin.register(Notification, site=operators)
class NotificationAdmin(ReadOnly):
    list_display = ("created_at", "location", "user", "kind", "read_at")
    list_filter = ("kind", "location")
    list_select_related = ("location", "user")
    search_fields = ("user__email", "user__name", "key")
