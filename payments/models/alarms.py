from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.scoping import scoped


class Alarm(models.Model):
    """Something about a location's payments that asks for a person, from when to when."""

    class Condition(models.TextChoices):
        PENDING = "pending", _("A payment has no outcome")
        UNASKED = "unasked", _("Pending payments are not asked about")
        EVENTS = "events", _("Webhooks are not processed")
        SIGNATURES = "signatures", _("Webhooks are refused")
        MISMATCH = "mismatch", _("Money that is not what was asked for")
        NO_ROW = "no_row", _("Money that no payment here asked for")
        CLOCK = "clock", _("The clock is wrong")

    location = models.ForeignKey(Location, models.PROTECT)
    condition = models.CharField(_("condition"), max_length=12, choices=Condition)
    raised_at = models.DateTimeField(_("raised"))
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True)

    objects = scoped(models.Manager["Alarm"])

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = [
            models.UniqueConstraint(
                *("location", "condition"),
                condition=Q(cleared_at=None),
                name="alarm_is_raised_once_until_it_clears",
            ),
            models.CheckConstraint(
                condition=Q(
                    condition__in=[
                        *("pending", "unasked", "events", "signatures"),
                        *("mismatch", "no_row", "clock"),
                    ]
                ),
                name="alarm_condition_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at=None) | Q(cleared_at__gte=F("raised_at")),
                name="alarm_clears_after_it_was_raised",
            ),
        ]

    def __str__(self) -> str:
        return self.get_condition_display()
