"""The admin: for the operator all of it, for a location's team their rows, read-only."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import URLPattern, URLResolver, path
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from community.desk.access import desk_behind
from community.desk.dashboard import dashboard
from community.desk.files import file, files


class DeskSite(UnfoldAdminSite):  # type: ignore[misc]
    site_title = site_header = "Deskmint"
    index_title = _("Desk")
    index_template = "desk/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and desk_behind(request).is_open

    def get_urls(self) -> list[URLPattern | URLResolver]:
        of_the_site = {"site": self}
        own = [
            path("files/", self.admin_view(files), of_the_site, name="files"),
            path("files/<int:export_id>/", self.admin_view(file), of_the_site, name="file"),
        ]
        return [*own, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        facts = dashboard(desk_behind(request), at=now())
        answer: HttpResponse = super().index(request, {**(extra_context or {}), "desk": facts})
        return answer

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Send people to the one sign-in page, which has the rate limits and second factors."""
        there = request.GET.get("next") or resolve_url("admin:index")
        if request.user.is_authenticated:
            if self.has_permission(request):
                return redirect("admin:index")
            raise PermissionDenied(_("The admin is for the team of a location and the operator."))
        return redirect_to_login(there)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return redirect("account_change_password")


desk = DeskSite(name="admin")
