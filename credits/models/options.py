from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.scoping import scoped


class CreditOptionQuerySet(models.QuerySet["CreditOption"]):
    def on_sale(self) -> "CreditOptionQuerySet":
        return self.filter(archived_at=None).order_by("position", "pk")

    def archived(self) -> "CreditOptionQuerySet":
        return self.exclude(archived_at=None).order_by("-archived_at", "pk")


CreditOptionManager = models.Manager.from_queryset(CreditOptionQuerySet)


class CreditOption(models.Model):
    """A number of credits at a price. A purchase keeps its own copy of what it bought."""

    location = models.ForeignKey(Location, models.PROTECT)
    credits = models.DecimalField(_("number of credits"), max_digits=12, decimal_places=2)
    price_minor = models.BigIntegerField(_("price, minor units"))
    expiry_months = models.PositiveSmallIntegerField(_("expiry"), null=True, blank=True)
    position = models.PositiveIntegerField(_("position"))
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = scoped(CreditOptionManager)

    class Meta:
        verbose_name = _("credit option")
        verbose_name_plural = _("credit options")
        constraints = [
            models.CheckConstraint(condition=Q(credits__gt=0), name="option_sells_credits"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="option_has_a_price"),
            models.CheckConstraint(
                condition=Q(expiry_months=None) | Q(expiry_months__gt=0),
                name="option_expiry_is_in_the_future",
            ),
            models.UniqueConstraint(
                fields=["location", "credits", "price_minor", "expiry_months"],
                condition=Q(archived_at=None),
                nulls_distinct=False,
                name="option_on_sale_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credits.normalize():f}"


class CreditUse(models.Model):
    """What credits are good for at a location, as its members read it."""

    location = models.ForeignKey(Location, models.PROTECT)
    name = models.CharField(_("name"), max_length=80)
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)
    icon = models.CharField(_("icon"), max_length=40, default="coins")
    position = models.PositiveIntegerField(_("position"), default=0)

    objects = scoped(models.Manager["CreditUse"])

    class Meta:
        verbose_name = _("use of credits")
        verbose_name_plural = _("uses of credits")
        constraints = [
            models.CheckConstraint(condition=Q(credits__gt=0), name="use_takes_credits"),
        ]

    def __str__(self) -> str:
        return self.name
