"""People and places in the admin.

What has rules, such as a membership or a company, is changed by acts (`community.desk.people`),
settings on their pages at the location: there the rules hold and the audit is written. Part of
the admin are only models registered on `desk`: libraries register theirs elsewhere, some with
secrets in them.
"""

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from community.desk.finding import Finding
from community.desk.people import (
    change_role,
    close,
    deduct,
    give,
    put_in,
    reactivate,
    remove,
    rename,
    reopen,
    suspend,
    take_out,
)
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
    acts = (suspend, reactivate, remove)
    list_display = ("user", "location", "state", "joined_at")
    list_filter = ("state", "location")
    list_select_related = ("user", "location")
    search_fields = ("user__email", "user__name")

    def subjects_of(self, row: Member) -> list[str]:
        return [*super().subjects_of(row), *_as_customer(row)]


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
    acts = (rename, put_in, close, reopen)
    list_display = ("name", "location", "state", "created_at", "closed_at")
    list_filter = ("state", "location")
    list_select_related = ("location",)
    search_fields = ("name",)

    def subjects_of(self, row: Company) -> list[str]:
        return [*super().subjects_of(row), *_as_customer(row)]


@admin.register(CompanyMember, site=desk)
class CompanyMemberAdmin(ReadOnly):
    for_staff = True
    acts = (change_role, take_out)
    list_display = (
        *("member", "company", "location", "role", "may_use_card", "may_use_bill"),
        "joined_at",
    )
    list_filter = ("role", "location")
    list_select_related = ("member__user", "company", "location")
    search_fields = ("company__name", "member__user__email", "member__user__name")

    def subjects_of(self, row: CompanyMember) -> list[str]:
        return [f"company {row.company_id}"]


@admin.register(AuditRecord, site=desk)
class AuditRecordAdmin(ReadOnly):
    for_staff = True
    list_display = ("happened_at", "location", "user", "api_key", "action", "subject", "reason")
    list_filter = ("location",)
    list_select_related = ("location", "user", "api_key")
    finding = Finding(user="user", exact=("subject",))
    search_fields = ("subject", "user__email", "user__name")


def _as_customer(who: Member | Company) -> list[str]:
    """What is changed about their plan, credits and details is changed about the customer."""
    known: Customer | None = getattr(who, "customer", None)
    return [f"customer {known.pk}"] if known else []
