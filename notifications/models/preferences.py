from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, User
from community.scoping import scoped


class Channel(models.TextChoices):
    APP = "app", _("In Deskmint")
    PUSH = "push", _("Push")
    EMAIL = "email", _("Email")


class Preference(models.Model):
    """A person's own word on one kind and channel; without one the kind's default counts."""

    user = models.ForeignKey(User, models.PROTECT, related_name="preferences")
    kind = models.CharField(_("kind"), max_length=30)
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    wanted = models.BooleanField(_("wanted"))

    objects = models.Manager["Preference"]()

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(
                *("user", "kind", "channel"), name="preference_once_per_kind_and_channel"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["app", "push", "email"]),
                name="preference_channel_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel}"


class BalanceWish(models.Model):
    """From which balance downwards a member wants to be told, once each time it gets there."""

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.OneToOneField(Customer, models.PROTECT, related_name="balance_wish")
    below = models.DecimalField(_("below"), max_digits=12, decimal_places=2)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)

    objects = scoped(models.Manager["BalanceWish"])

    class Meta:
        verbose_name = _("low balance")
        verbose_name_plural = _("low balances")
        constraints = [
            models.CheckConstraint(condition=Q(below__gt=0), name="balance_wish_is_above_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.below}"
