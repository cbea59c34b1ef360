"""The operator's view of the installation: superusers only, and nearly nothing to change there.

What has rules, such as a price, a membership or a setting, is changed on its page, where they
hold and the audit is written. Part of the admin are only models registered on `operators`:
libraries register theirs elsewhere, some with secrets in them.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext_lazy as _

from community.models import (
    AuditRecord,
    Company,
    CompanyMember,
    Customer,
    Location,
    Member,
    Role,
    User,
)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


class OperatorSite(admin.AdminSite):
    site_title = site_header = "Deskmint"
    index_title = _("Operator")

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Send people to the one sign-in page, which has the rate limits and second factors."""
        there = request.GET.get("next") or resolve_url("admin:index")
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(_("The admin is for the operator of the installation."))
        return redirect_to_login(there)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return redirect("account_change_password")


operators = OperatorSite(name="admin")


class ReadOnly(ModelAdmin):
    """Rows to look at. Whoever asks, whatever their rights: no adding, changing, deleting."""

    actions = None
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User, site=operators)
class UserAdmin(ModelAdmin):
    actions = None
    list_display = ("email", "name", "is_active", "is_superuser", "joined_at")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "is_active", "is_superuser")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        # A signed-in owner changes their address, and confirms it.
        return ["email"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: "ModelForm[User]",
        change: bool,  # noqa: FBT001 - Django's
    ) -> None:
        """Save a user; a new one has no password and gets in by "Forgot it?"."""
        if not change:
            obj.email = obj.email.lower()
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


@admin.register(Location, site=operators)
class LocationAdmin(ReadOnly):
    list_display = ("name", "slug", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug", "legal_name")


@admin.register(Role, site=operators)
class RoleAdmin(ModelAdmin):
    actions = None
    list_display = ("user", "location", "kind")
    list_filter = ("kind", "location")
    list_select_related = ("user", "location")
    search_fields = ("user__email", "user__name", "location__name")
    autocomplete_fields = ("user", "location")
    ordering = ("location", "kind", "pk")


@admin.register(Member, site=operators)
class MemberAdmin(ReadOnly):
    list_display = ("user", "location", "state", "joined_at")
    list_filter = ("state", "location")
    list_select_related = ("user", "location")
    search_fields = ("user__email", "user__name")


@admin.register(Customer, site=operators)
class CustomerAdmin(ReadOnly):
    list_display = ("__str__", "location")
    list_filter = ("location",)
    list_select_related = ("member__user", "company", "location")
    search_fields = ("member__user__email", "member__user__name", "company__name")


@admin.register(Company, site=operators)
class CompanyAdmin(ReadOnly):
    list_display = ("name", "location", "state", "created_at", "closed_at")
    list_filter = ("state", "location")
    list_select_related = ("location",)
    search_fields = ("name",)


@admin.register(CompanyMember, site=operators)
class CompanyMemberAdmin(ReadOnly):
    list_display = (
        *("member", "company", "location", "role", "may_use_card", "may_use_bill"),
        "joined_at",
    )
    list_filter = ("role", "location")
    list_select_related = ("member__user", "company", "location")
    search_fields = ("company__name", "member__user__email", "member__user__name")


@admin.register(AuditRecord, site=operators)
class AuditRecordAdmin(ReadOnly):
    list_display = ("happened_at", "location", "user", "action", "subject", "reason")
    list_filter = ("location",)
    list_select_related = ("location", "user")
    search_fields = ("action", "subject", "reason", "user__email")
