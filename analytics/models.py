from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.principals import Principal
from community.scoping import scoped
from community.triggers import append_only


class Source(models.TextChoices):
    CREDITS = "credits", _("Credits")
    PLANS = "plans", _("Plans")
    OTHER = "other", _("Other")


class RevenueLineQuerySet(models.QuerySet["RevenueLine"]):
    def visible_to(self, principal: Principal) -> "RevenueLineQuerySet":
        """Admins see what their location earns, nobody else."""
        if principal.is_admin:
            return self.filter(location_id=principal.location_id)
        return self.none()

    def newest_first(self) -> "RevenueLineQuerySet":
        return self.order_by("-happened_at", "-pk")


RevenueLineManager = models.Manager.from_queryset(RevenueLineQuerySet)


class RevenueLine(models.Model):
    """One sale, or what was taken back of one: net, at the moment it happened.

    Its month is the rollup's to say: that depends on the time zone, and the line never changes.
    """

    location = models.ForeignKey(Location, models.PROTECT)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    method = models.CharField(_("method"), max_length=20)
    label = models.CharField(_("label"), max_length=100)
    net_minor = models.BigIntegerField(_("net, minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    key = models.CharField(_("key"), max_length=80)
    happened_at = models.DateTimeField(_("happened"))

    objects = scoped(RevenueLineManager)

    class Meta:
        verbose_name = _("revenue line")
        verbose_name_plural = _("revenue lines")
        constraints = [
            models.UniqueConstraint("location", "key", name="revenue_line_once_per_key"),
            models.CheckConstraint(
                condition=models.Q(source__in=Source.values), name="revenue_source_is_known"
            ),
        ]
        indexes = [models.Index(fields=["location", "happened_at"], name="revenue_line_by_time")]
        triggers = append_only("revenue_line")

    def __str__(self) -> str:
        return f"{self.label} {self.happened_at:%Y-%m-%d}"


class RevenueMonth(models.Model):
    """The rollup of revenue lines by month of the location's time zone, and what pages cut by.

    Slots keep one location's sales from queueing on one row.
    """

    SLOTS = 4

    location = models.ForeignKey(Location, models.PROTECT)
    month = models.DateField(_("month"), help_text="The first day, in the location's time zone.")
    source = models.CharField(_("source"), max_length=10, choices=Source)
    method = models.CharField(_("method"), max_length=20)
    option = models.CharField(
        _("option"), max_length=100, blank=True, help_text="The label of credits, else nothing."
    )
    slot = models.PositiveSmallIntegerField(_("slot"))
    net_minor = models.BigIntegerField(_("net, minor units"))
    lines = models.PositiveIntegerField(_("lines"))

    objects = scoped(models.Manager["RevenueMonth"])

    class Meta:
        verbose_name = _("revenue month")
        verbose_name_plural = _("revenue months")
        constraints = [
            models.UniqueConstraint(
                *("location", "month", "source", "method", "option", "slot"),
                name="revenue_month_once_per_slot",
            ),
            models.CheckConstraint(
                condition=models.Q(source="credits") | models.Q(option=""),
                name="revenue_month_has_options_of_credits_only",
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="revenue_month_is_its_first_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.source}"
