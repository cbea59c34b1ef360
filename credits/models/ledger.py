from decimal import Decimal
from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import ApiKey, Customer, Location, User
from community.scoping import OwnedQuerySet, scoped
from community.triggers import append_only, told_outside

ADDED_WITHOUT_SALE = ("given", "imported", "plan")


class Wallet(models.Model):
    """The lock and the running total of one customer's credits; `Entry` is the truth."""

    if TYPE_CHECKING:
        customer_id: int
        location_id: int

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.OneToOneField(Customer, models.PROTECT, related_name="wallet")
    balance = models.DecimalField(_("balance"), max_digits=12, decimal_places=2, default=Decimal(0))
    held = models.DecimalField(
        _("held"), max_digits=12, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    last_position = models.BigIntegerField(_("last position"), default=0)

    objects = scoped(models.Manager["Wallet"])

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=0), name="wallet_balance_not_negative"),
            models.CheckConstraint(
                condition=Q(held__gte=0) & Q(held__lte=F("balance")),
                name="wallet_holds_no_more_than_it_has",
            ),
        ]

    def __str__(self) -> str:
        return f"Wallet {self.pk}"

    @property
    def available(self) -> Decimal:
        """What can be spent: all but what holds have set aside."""
        return self.balance - self.held


class EntryQuerySet(OwnedQuerySet["Entry"]):
    owner = "wallet__customer_id"

    def newest_first(self) -> "EntryQuerySet":
        return self.order_by("-position")


EntryManager = models.Manager.from_queryset(EntryQuerySet)


class Entry(models.Model):
    """One movement of credits. A mistake is reversed by a new entry, never edited."""

    class Reason(models.TextChoices):
        PURCHASE = "purchase", _("Purchase")
        PLAN = "plan", _("Plan")
        GIVEN = "given", _("Given")
        IMPORTED = "imported", _("Imported")
        SPENDING = "spending", _("Spending")
        DEDUCTION = "deduction", _("Deduction")
        REVERSAL = "reversal", _("Reversal")
        RESTORATION = "restoration", _("Restoration")
        LAPSE = "lapse", _("Lapse")

    location = models.ForeignKey(Location, models.PROTECT)
    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="entries")
    credits = models.DecimalField(
        _("credits"), max_digits=12, decimal_places=2, help_text="Positive when added."
    )
    position = models.BigIntegerField(
        _("position"), help_text="The entry's place in its wallet, from 1."
    )
    balance_after = models.DecimalField(_("balance after"), max_digits=12, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    reference = models.CharField(
        _("reference"), max_length=100, blank=True, default="", db_default=""
    )
    reverses = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    idempotency_key = models.CharField(_("idempotency key"), max_length=80)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="+")
    happened_at = models.DateTimeField(_("happened"))

    objects = scoped(EntryManager)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.UniqueConstraint("wallet", "position", name="entry_has_one_place_in_its_wallet"),
            models.UniqueConstraint("wallet", "idempotency_key", name="entry_once_per_key"),
            models.CheckConstraint(condition=~Q(credits=0), name="entry_moves_credits"),
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="entry_never_overdraws"),
            models.CheckConstraint(
                condition=Q(reason__in=["reversal", "restoration"]) ^ Q(reverses__isnull=True),
                name="entry_names_what_it_reverses",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(reason="reversal", credits__gt=0),
                name="entry_gives_a_spend_back_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["location", "happened_at"],
                name="entry_added_without_sale",
                condition=Q(reason__in=ADDED_WITHOUT_SALE),
            ),
            models.Index(
                fields=["location", "reference"],
                name="entry_by_reference",
                condition=~Q(reference=""),
            ),
        ]
        triggers = [
            *append_only("entry"),
            told_outside(
                "entry",
                """CASE
    WHEN NEW.reason IN ('purchase', 'plan', 'given', 'imported') THEN 'credits.added'
    WHEN NEW.reason IN ('spending', 'deduction') THEN 'credits.spent'
    WHEN NEW.reason IN ('reversal', 'restoration') THEN 'credits.reversed'
END""",
                pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credits} {self.reason}"
