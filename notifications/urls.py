from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.all_notifications, name="list"),
    path("menu/", views.menu, name="menu"),
    path("read/", views.read, name="read"),
]
