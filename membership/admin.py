from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from community.desk.acts import Act, Doing, ReasonForm
from community.desk.columns import money_column
from community.desk.filters import DayRange
from community.desk.finding import Finding
from community.desk.links import link_to
from community.desk.rows import ReadOnly
from community.desk.site import desk
from community.forms.plans import PlanForm
from membership.models import OwedCredits, Plan, PlanAssignment, Purchase
from membership.services.owing import settle_owed, waive_owed
from membership.services.plans import archive_plan, bring_back_plan, change_plan


@admin.register(Purchase, site=desk)
class PurchaseAdmin(ReadOnly):
    for_staff = True
    finding = Finding(
        customer="customer",
        exact=("charge__reference", "receipt__number", "bill_item__bill__number"),
        uuids=("key",),
        minor="total_minor",
    )
    money = ("total_minor",)
    readonly_fields = ("bill",)
    total = money_column("total_minor", _("total"))
    list_display = (
        *("created_at", "location", "customer", "credits", "total", "method", "state"),
        "api_key",
    )
    list_filter = ("state", "method", ("created_at", DayRange), "location")
    list_select_related = ("location", "customer__member__user", "customer__company", "api_key")
    search_fields = (
        "key",
        "customer__member__user__email",
        "customer__member__user__name",
        "customer__company__name",
    )

    @admin.display(description=_("bill"))
    def bill(self, purchase: Purchase) -> str:
        return link_to(purchase.bill_item.bill) if purchase.bill_item else ""


def _edit(plan: Plan, doing: Doing) -> None:
    change_plan(plan_id=plan.pk, values=doing.form.values(), by=doing.by, at=doing.at)


def _archive(plan: Plan, doing: Doing) -> None:
    archive_plan(plan_id=plan.pk, by=doing.by, at=doing.at)


def _bring_back(plan: Plan, doing: Doing) -> None:
    bring_back_plan(plan_id=plan.pk, by=doing.by, at=doing.at)


edit = Act(
    "edit",
    _("Edit"),
    _edit,
    form=lambda data, plan: PlanForm(data, location=plan.location, plan=plan),
    offered=lambda plan: plan.archived_at is None,
    warning=_("For everybody who has it: prices at once, the fee from the next period on."),
    keeps_reason=True,
    admins_only=True,
)
archive = Act(
    "archive",
    _("Archive"),
    _archive,
    form=lambda data, _plan: ReasonForm(data),
    offered=lambda plan: plan.archived_at is None,
    warning=_("It is offered no longer; who has it keeps it."),
    admins_only=True,
)
bring_back = Act(
    "bring-back",
    _("Bring back"),
    _bring_back,
    form=lambda data, _plan: ReasonForm(data),
    offered=lambda plan: plan.archived_at is not None,
    warning=_("It is on offer again then."),
    admins_only=True,
)


@admin.register(Plan, site=desk)
class PlanAdmin(ReadOnly):
    for_staff = True
    acts = (edit, archive, bring_back)
    price = money_column("price_minor", _("price per month"), currency="location.currency")
    list_display = ("name", "location", "price", "discount_percent", "archived_at")
    list_filter = ("location",)
    list_select_related = ("location",)
    search_fields = ("name",)


@admin.register(PlanAssignment, site=desk)
class PlanAssignmentAdmin(ReadOnly):
    for_staff = True
    finding = Finding(customer="customer", exact=("plan__name",))
    list_display = ("plan", "location", "customer", "starts_on", "ends_on", "bill_enabled")
    list_filter = ("location", "bill_enabled")
    list_select_related = ("plan", "location", "customer__member__user", "customer__company")
    search_fields = (
        "plan__name",
        "customer__member__user__email",
        "customer__member__user__name",
        "customer__company__name",
    )


def _settle(owed: OwedCredits, doing: Doing) -> None:
    settle_owed(owed_id=owed.pk, note=doing.reason, by=doing.by, at=doing.at)


def _waive(owed: OwedCredits, doing: Doing) -> None:
    waive_owed(owed_id=owed.pk, note=doing.reason, by=doing.by, at=doing.at)


def _is_open(owed: OwedCredits) -> bool:
    return owed.state == OwedCredits.State.OPEN


settle = Act(
    "settle",
    _("Settle"),
    _settle,
    form=lambda data, _owed: ReasonForm(data),
    offered=_is_open,
    warning=_("The customer has made good for the credits. They read the reason."),
    keeps_reason=True,
)
waive = Act(
    "waive",
    _("Waive"),
    _waive,
    form=lambda data, _owed: ReasonForm(data),
    offered=_is_open,
    warning=_("The customer owes these credits no longer. They read the reason."),
    keeps_reason=True,
)


@admin.register(OwedCredits, site=desk)
class OwedCreditsAdmin(ReadOnly):
    subject = "owed credits"
    for_staff = True
    acts = (settle, waive)
    finding = Finding(
        customer="purchase__customer", exact=("taking__reference",), credits="credits"
    )
    credits_column = "credits"
    list_display = ("noticed_at", "location", "purchase", "credits", "lifted", "state", "note")
    list_filter = ("state", ("noticed_at", DayRange), "location")
    list_select_related = ("location", "purchase")
    search_fields = ("note",)
