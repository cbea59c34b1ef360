"""People and places in the admin.

What has rules, such as a price, a membership or a setting, is changed on its page, where they
hold and the audit is written. Part of the admin are only models registered on `desk`:
libraries register theirs elsewhere, some with secrets in them.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.desk.acts import Act, Doing
from community.desk.rows import DeskPage, ReadOnly
from community.desk.site import desk
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
from credits.forms import DeductForm, GiveForm
from credits.services.giving import deduct_credits, give_credits


def _give(customer: Customer, doing: Doing) -> None:
    about: dict[str, Any] = {"by": doing.by, "principal": doing.principal, "at": doing.at}
    give_credits(customer=customer, **about, **doing.form.facts())


def _deduct(customer: Customer, doing: Doing) -> None:
    about: dict[str, Any] = {"by": doing.by, "principal": doing.principal, "at": doing.at}
    deduct_credits(customer=customer, **about, **doing.form.facts())


give = Act(
    "give",
    _("Give credits"),
    _give,
    form=lambda data, customer: GiveForm(data, location=customer.location, prefix="give"),
    keeps_reason=True,
)
deduct = Act(
    "deduct",
    _("Deduct credits"),
    _deduct,
    form=lambda data, customer: DeductForm(data, location=customer.location, prefix="deduct"),
    keeps_reason=True,
)


class OperatorPage(DeskPage):
    """What the operator edits: accounts, and who works where."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_look(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_look(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_look(request)


@admin.register(User, site=desk)
class UserAdmin(OperatorPage):
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


@admin.register(Location, site=desk)
class LocationAdmin(ReadOnly):
    place = "pk"
    list_display = ("name", "slug", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug", "legal_name")


@admin.register(Role, site=desk)
class RoleAdmin(OperatorPage):
    list_display = ("user", "location", "kind")
    list_filter = ("kind", "location")
    list_select_related = ("user", "location")
    search_fields = ("user__email", "user__name", "location__name")
    autocomplete_fields = ("user", "location")
    ordering = ("location", "kind", "pk")


@admin.register(Member, site=desk)
class MemberAdmin(ReadOnly):
    for_staff = True
    list_display = ("user", "location", "state", "joined_at")
    list_filter = ("state", "location")
    list_select_related = ("user", "location")
    search_fields = ("user__email", "user__name")


@admin.register(Customer, site=desk)
class CustomerAdmin(ReadOnly):
    for_staff = True
    acts = (give, deduct)
    list_display = ("__str__", "location")
    list_filter = ("location",)
    list_select_related = ("member__user", "company", "location")
    search_fields = ("member__user__email", "member__user__name", "company__name")


@admin.register(Company, site=desk)
class CompanyAdmin(ReadOnly):
    for_staff = True
    list_display = ("name", "location", "state", "created_at", "closed_at")
    list_filter = ("state", "location")
    list_select_related = ("location",)
    search_fields = ("name",)


@admin.register(CompanyMember, site=desk)
class CompanyMemberAdmin(ReadOnly):
    for_staff = True
    list_display = (
        *("member", "company", "location", "role", "may_use_card", "may_use_bill"),
        "joined_at",
    )
    list_filter = ("role", "location")
    list_select_related = ("member__user", "company", "location")
    search_fields = ("company__name", "member__user__email", "member__user__name")


@admin.register(AuditRecord, site=desk)
class AuditRecordAdmin(ReadOnly):
    for_staff = True
    list_display = ("happened_at", "location", "user", "api_key", "action", "subject", "reason")
    list_filter = ("location",)
    list_select_related = ("location", "user", "api_key")
    search_fields = ("action", "subject", "reason", "user__email")
