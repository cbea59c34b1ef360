from django.urls import path

from notifications.views import bell, preferences, push

app_name = "notifications"
urlpatterns = [
    path("", bell.all_notifications, name="list"),
    path("menu/", bell.menu, name="menu"),
    path("read/", bell.read, name="read"),
    path("unread/", bell.unread, name="unread"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("push/subscribe/", push.subscribe, name="subscribe"),
    path("push/unsubscribe/", push.unsubscribe, name="unsubscribe_device"),
    path("push/refresh/", push.refresh, name="refresh_device"),
]
