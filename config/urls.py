from django.urls import URLResolver, include, path
from django.urls.resolvers import RoutePattern

from community import views as community
from community.desk.site import desk
from community.views.settings import logos
from membership.views import founding, joining
from notifications.views import app, preferences
from payments.views.metrics import metrics

# By name: what the API is made of is imported by its first request, not by that of a page.
api = URLResolver(RoutePattern("api/v1/"), "community.api.urls", app_name="api", namespace="api")
handler400 = "config.errors.bad_request"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
urlpatterns = [
    path("", community.choose_location, name="choose_location"),
    path("setup/<str:token>/", founding.setup, name="setup"),
    path("accounts/email/", community.email_addresses, name="email_addresses"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("account/", community.profile, name="account_profile"),
    path("account/theme/", community.theme, name="account_theme"),
    path("invitations/<str:token>/", joining.invitation, name="invitation"),
    path("join/<slug:place>/", joining.ask, name="ask_to_join"),
    path("join/<slug:place>/withdraw/", joining.withdraw, name="withdraw_request"),
    path("logos/<slug:place>/<str:digest>.png", logos.logo, name="logo"),
    path("sw.js", app.service_worker, name="service_worker"),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("unsubscribe/<str:token>/", preferences.unsubscribe, name="unsubscribe"),
    path("webhooks/", include("payments.urls")),
    path("metrics", metrics, name="metrics"),
    path("admin/", desk.urls),
    api,
    path("<slug:slug>/", include("community.urls")),
    path("<slug:slug>/membership/", include("membership.urls")),
    path("<slug:slug>/analytics/", include("analytics.urls")),
    path("<slug:slug>/notifications/", include("notifications.urls")),
]
