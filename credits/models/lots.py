from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.scoping import OwnedQuerySet, scoped
from community.triggers import append_only
from credits.models.ledger import Entry, Wallet


class LotQuerySet(OwnedQuerySet["Lot"]):
    owner = "wallet__customer_id"

    def not_empty(self) -> "LotQuerySet":
        return self.filter(remaining__gt=0)

    def with_free_credits(self) -> "LotQuerySet":
        """Those with credits that no hold has set aside."""
        return self.filter(remaining__gt=F("held"))

    def paid(self) -> "LotQuerySet":
        return self.filter(paid_minor__gt=0)

    def in_spending_order(self) -> "LotQuerySet":
        """The soonest-lapsing first, then permanent ones by age."""
        return self.order_by(F("lapses_at").asc(nulls_last=True), "pk")


LotManager = models.Manager.from_queryset(LotQuerySet)


class Lot(models.Model):
    """What is left of one accrual, and when it lapses (never: permanent)."""

    location = models.ForeignKey(Location, models.PROTECT)
    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="lots")
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="lot")
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)
    remaining = models.DecimalField(_("remaining"), max_digits=12, decimal_places=2)
    held = models.DecimalField(
        _("held"), max_digits=12, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    lapses_at = models.DateTimeField(_("lapses"), null=True, blank=True)
    paid_minor = models.BigIntegerField(
        _("paid, minor units"), default=0, help_text="Net price of the whole lot."
    )

    objects = scoped(LotManager)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0) & Q(remaining__lte=F("credits")),
                name="lot_holds_between_nothing_and_all",
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0) & Q(held__lte=F("remaining")),
                name="lot_holds_back_what_is_there",
            ),
            models.CheckConstraint(condition=Q(credits__gt=0), name="lot_starts_with_credits"),
            models.CheckConstraint(condition=Q(paid_minor__gte=0), name="lot_price_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["wallet", "lapses_at"], name="lot_not_empty", condition=Q(remaining__gt=0)
            ),
            models.Index(
                fields=["lapses_at"],
                name="lot_that_will_lapse",
                condition=Q(remaining__gt=0, lapses_at__isnull=False),
            ),
            models.Index(
                fields=["location"],
                name="lot_paid_and_not_empty",
                condition=Q(remaining__gt=0, paid_minor__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.credits}"


class LotMovement(models.Model):
    """What an entry took from a lot (negative) or gave back to it (positive)."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="movements")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="movements")
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)

    objects = scoped(models.Manager["LotMovement"], location="lot__location")

    class Meta:
        verbose_name = _("lot movement")
        verbose_name_plural = _("lot movements")
        constraints = [
            models.UniqueConstraint("lot", "entry", name="lot_moved_once_per_entry"),
            models.CheckConstraint(condition=~Q(credits=0), name="lot_movement_moves_credits"),
        ]
        triggers = append_only("lot_movement")

    def __str__(self) -> str:
        return f"{self.credits}"
