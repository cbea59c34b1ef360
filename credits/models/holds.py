import pgtrigger
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from community.models import ApiKey, Location, User
from community.scoping import OwnedQuerySet, scoped
from community.triggers import no_truncate
from credits.models.ledger import Entry, Wallet
from credits.models.lots import Lot

HOLDS_SHOWN = 25


class HoldQuerySet(OwnedQuerySet["Hold"]):
    owner = "wallet__customer_id"

    def open(self) -> "HoldQuerySet":
        return self.filter(state=Hold.State.OPEN)

    def soonest_of(self, customer_id: int) -> "HoldQuerySet":
        """A customer's open ones that end soonest, with what each holds by now, one too many."""
        of_theirs = self.open().filter(wallet__customer_id=customer_id)
        with_credits = of_theirs.annotate(left=Sum("parts__credits"))
        return with_credits.order_by("expires_at", "pk")[: HOLDS_SHOWN + 1]


HoldManager = models.Manager.from_queryset(HoldQuerySet)


class Hold(models.Model):
    """Credits set aside until they are captured, released, or the time is over."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CAPTURED = "captured", _("Captured")
        RELEASED = "released", _("Released")
        EXPIRED = "expired", _("Expired")

    location = models.ForeignKey(Location, models.PROTECT)
    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="holds")
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    reference = models.CharField(_("reference"), max_length=100, blank=True, default="")
    idempotency_key = models.CharField(_("idempotency key"), max_length=80)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    capture = models.OneToOneField(
        Entry, models.PROTECT, null=True, blank=True, related_name="captured_hold"
    )

    objects = scoped(HoldManager)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint("wallet", "idempotency_key", name="hold_once_per_key"),
            models.CheckConstraint(condition=Q(credits__gt=0), name="hold_sets_credits_aside"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="hold_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | Q(state__in=["captured", "released", "expired"], closed_at__isnull=False),
                name="hold_closed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="captured") ^ Q(capture__isnull=True),
                name="hold_captured_has_its_entry",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="hold_that_will_expire", condition=Q(state="open")
            ),
            models.Index(fields=["wallet", "expires_at"], name="hold_by_wallet"),
            models.Index(
                fields=["location", "reference"],
                name="hold_by_reference",
                condition=~Q(reference=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="hold_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="hold_state_moves_forward",
                field="state",
                transitions=[
                    ("open", "captured"),
                    ("open", "released"),
                    ("open", "expired"),
                ],
            ),
            no_truncate("hold"),
        ]

    def __str__(self) -> str:
        return f"{self.credits} {self.state}"


class HeldLot(models.Model):
    """How much of a lot a hold names. A claw-back may take some of it, and then it is less."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="parts")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="held_parts")
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)

    objects = scoped(models.Manager["HeldLot"], location="hold__location")

    class Meta:
        verbose_name = _("held part of a lot")
        verbose_name_plural = _("held parts of lots")
        constraints = [
            models.UniqueConstraint("hold", "lot", name="held_lot_once_per_hold"),
            models.CheckConstraint(condition=Q(credits__gte=0), name="held_lot_not_negative"),
        ]
        triggers = [
            pgtrigger.Protect(name="held_lot_never_deleted", operation=pgtrigger.Delete),
            no_truncate("held_lot"),
        ]

    def __str__(self) -> str:
        return f"{self.credits}"
