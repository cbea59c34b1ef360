from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.desk.acts import Act, Doing, ReasonForm
from community.desk.columns import money_column
from community.desk.filters import DayRange
from community.desk.finding import Finding
from community.desk.links import link_to
from community.desk.rows import ReadOnly
from community.desk.site import desk
from community.forms import OptionForm
from community.views.options import warn_of_limits
from credits.models import CreditOption, CreditUse, Entry, Lot, LotMovement, Wallet
from credits.services.options import archive_option, bring_back_option, change_option


def _edit(option: CreditOption, doing: Doing) -> None:
    change_option(option_id=option.pk, by=doing.by, at=doing.at, **doing.form.facts())


def _archive(option: CreditOption, doing: Doing) -> None:
    archive_option(option_id=option.pk, by=doing.by, at=doing.at)


def _bring_back(option: CreditOption, doing: Doing) -> None:
    bring_back_option(option_id=option.pk, by=doing.by, at=doing.at)


def _warn(request: HttpRequest, option: CreditOption) -> None:
    option.refresh_from_db()
    warn_of_limits(request, option)


edit = Act(
    "edit",
    _("Edit"),
    _edit,
    form=lambda data, option: OptionForm(data, location=option.location, option=option),
    offered=lambda option: option.archived_at is None,
    warning=_("It counts for what is sold from now on."),
    keeps_reason=True,
    admins_only=True,
    after=_warn,
)
archive = Act(
    "archive",
    _("Archive"),
    _archive,
    form=lambda data, _option: ReasonForm(data),
    offered=lambda option: option.archived_at is None,
    warning=_("It is off sale then."),
    admins_only=True,
)
bring_back = Act(
    "bring-back",
    _("Bring back"),
    _bring_back,
    form=lambda data, _option: ReasonForm(data),
    offered=lambda option: option.archived_at is not None,
    warning=_("It is on sale again then, last in the selling order."),
    admins_only=True,
    after=_warn,
)


@admin.register(CreditOption, site=desk)
class CreditOptionAdmin(ReadOnly):
    subject = "credit option"
    for_staff = True
    acts = (edit, archive, bring_back)
    price = money_column("price_minor", _("price"), currency="location.currency")
    list_display = ("credits", "location", "price", "expiry_months", "position", "archived_at")
    list_filter = (("archived_at", admin.EmptyFieldListFilter), "location")
    list_select_related = ("location",)
    search_fields = ("location__name", "location__slug")


@admin.register(CreditUse, site=desk)
class CreditUseAdmin(ReadOnly):
    subject = "credit use"
    list_display = ("name", "location", "credits", "position")
    list_filter = ("location",)
    list_select_related = ("location",)
    search_fields = ("name",)


@admin.register(Wallet, site=desk)
class WalletAdmin(ReadOnly):
    for_staff = True
    finding = Finding(customer="customer")
    list_display = ("customer", "location", "balance", "last_position")
    list_filter = ("location",)
    list_select_related = ("customer__member__user", "customer__company", "location")
    search_fields = (
        "customer__member__user__email",
        "customer__member__user__name",
        "customer__company__name",
    )


@admin.register(Entry, site=desk)
class EntryAdmin(ReadOnly):
    for_staff = True
    finding = Finding(
        customer="wallet__customer",
        exact=(
            *("idempotency_key", "purchase__charge__reference", "purchase__receipt__number"),
            "purchase__bill_item__bill__number",
        ),
        credits="credits",
    )
    credits_column = "credits"
    readonly_fields = ("of",)
    list_display = (
        *("happened_at", "location", "holder", "credits", "balance_after", "reason"),
        *("note", "made_by"),
    )
    list_filter = ("reason", "purchase__method", ("happened_at", DayRange), "location")
    list_select_related = (
        "location",
        "wallet__customer__member__user",
        "wallet__customer__company",
        "made_by",
    )
    search_fields = (
        *("wallet__customer__member__user__email", "wallet__customer__member__user__name"),
        "wallet__customer__company__name",
        *("note", "idempotency_key"),
    )

    @admin.display(description=_("customer"))
    def holder(self, entry: Entry) -> str:
        return str(entry.wallet.customer)

    @admin.display(description=_("purchase"))
    def of(self, entry: Entry) -> str:
        return link_to(getattr(entry, "purchase", None))


@admin.register(Lot, site=desk)
class LotAdmin(ReadOnly):
    for_staff = True
    finding = Finding(customer="wallet__customer")
    paid = money_column("paid_minor", _("paid, net"), currency="location.currency")
    list_display = ("holder", "location", "credits", "remaining", "lapses_at", "paid")
    list_filter = ("location",)
    list_select_related = (
        "location",
        "wallet__customer__member__user",
        "wallet__customer__company",
    )
    search_fields = (
        "wallet__customer__member__user__email",
        "wallet__customer__member__user__name",
        "wallet__customer__company__name",
    )

    @admin.display(description=_("customer"))
    def holder(self, lot: Lot) -> str:
        return str(lot.wallet.customer)


@admin.register(LotMovement, site=desk)
class LotMovementAdmin(ReadOnly):
    place = "lot__location"
    finding = Finding(exact=("entry__idempotency_key",))
    list_display = ("happened_at", "location", "credits", "entry_id", "lot_id")
    list_select_related = ("lot__location", "entry")
    search_fields = ("entry__idempotency_key",)

    @admin.display(description=_("happened"))
    def happened_at(self, movement: LotMovement) -> object:
        return movement.entry.happened_at

    @admin.display(description=_("location"))
    def location(self, movement: LotMovement) -> str:
        return str(movement.lot.location)
