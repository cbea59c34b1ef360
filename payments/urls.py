from django.urls import path

from payments.views import webhooks

app_name = "payments"
urlpatterns = [
    path("<slug:gateway>/<uuid:key>/", webhooks.webhook, name="webhook"),
]
