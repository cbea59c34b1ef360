from django.urls import path

from payments import views

app_name = "payments"
urlpatterns = [
    path("<slug:gateway>/<uuid:key>/", views.webhook, name="webhook"),
]
