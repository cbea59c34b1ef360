from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location
from community.principals import Principal
from community.scoping import scoped
from payments.models.connections import GatewayConnection

MONTHS = 12


class CardQuerySet(models.QuerySet["Card"]):
    def visible_to(self, principal: Principal) -> "CardQuerySet":
        """Cards are their owner's alone; staff see what a transaction says of them."""
        return self.filter(
            location_id=principal.location_id, customer_id__in=principal.own_customer_ids
        )

    def kept(self) -> "CardQuerySet":
        return self.filter(
            state=Card.State.KEPT, connection__state=GatewayConnection.State.CONNECTED
        ).order_by("-is_default", "-pk")

    def with_expiry(self, today: date) -> "CardQuerySet":
        """Add `months_left`: 0 in a card's last month, below 0 once it has expired."""
        years = (F("exp_year") - today.year) * MONTHS
        return self.annotate(months_left=years + F("exp_month") - today.month)


CardManager = models.Manager.from_queryset(CardQuerySet)


class Card(models.Model):
    """A card at a gateway: kept by its owner, or only being used for one attempt."""

    class State(models.TextChoices):
        ENTERED = "entered", _("Being entered")
        KEPT = "kept", _("Kept")
        RELEASED = "released", _("To be detached")
        DETACHED = "detached", _("Detached")

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="cards")
    connection = models.ForeignKey(GatewayConnection, models.PROTECT)
    state = models.CharField(_("state"), max_length=10, choices=State)
    is_default = models.BooleanField(_("offered first"), default=False)
    setup_reference = models.CharField(_("setup"), max_length=80)
    reference = models.CharField(_("reference"), max_length=80, blank=True, default="")
    fingerprint = models.CharField(_("fingerprint"), max_length=80, blank=True, default="")
    brand = models.CharField(_("brand"), max_length=30, blank=True, default="")
    last4 = models.CharField(_("last four"), max_length=4, blank=True, default="")
    exp_month = models.PositiveSmallIntegerField(_("month"), null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    objects = scoped(CardManager)

    if TYPE_CHECKING:
        customer_id: int

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.UniqueConstraint(
                "connection",
                "setup_reference",
                condition=~Q(setup_reference=""),
                name="card_once_per_setup",
            ),
            models.UniqueConstraint(
                "connection",
                "reference",
                condition=~Q(reference=""),
                name="card_once_per_reference",
            ),
            models.CheckConstraint(
                condition=~Q(state="kept", reference=""), name="card_kept_is_known"
            ),
            models.UniqueConstraint(
                "connection",
                "customer",
                condition=Q(is_default=True),
                name="card_default_once_per_customer",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(state="kept"), name="card_default_is_kept"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "created_at"],
                name="card_to_be_released",
                condition=Q(state__in=["entered", "released"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} •••• {self.last4}"

    @property
    def expires(self) -> str:
        return f"{self.exp_month:02d}/{(self.exp_year or 0) % 100:02d}" if self.exp_month else ""
