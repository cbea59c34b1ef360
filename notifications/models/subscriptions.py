from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import User


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    def live(self) -> "PushSubscriptionQuerySet":
        return self.filter(ended_at=None)


PushSubscriptionManager = models.Manager.from_queryset(PushSubscriptionQuerySet)


class PushSubscription(models.Model):
    """A browser that asked for pushes, and the sign-in that it asked under."""

    user = models.ForeignKey(User, models.PROTECT, related_name="push_subscriptions")
    endpoint = models.CharField(_("address at the push service"), max_length=1000, blank=True)
    p256dh = models.CharField(_("key of the browser"), max_length=100, blank=True)
    auth = models.CharField(_("secret of the browser"), max_length=40, blank=True)
    session_key = models.CharField(_("session"), max_length=40, blank=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("created"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PushSubscriptionManager()

    class Meta:
        verbose_name = _("device for pushes")
        verbose_name_plural = _("devices for pushes")
        constraints = [
            models.UniqueConstraint(
                "endpoint", condition=Q(ended_at=None), name="push_endpoint_has_one_owner"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) & ~Q(endpoint="") & ~Q(p256dh="") & ~Q(auth="")
                | Q(ended_at__isnull=False, endpoint="", p256dh="", auth="", session_key=""),
                name="push_ended_keeps_no_keys",
            ),
        ]
        indexes = [
            models.Index(fields=["user"], name="push_live", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return self.browser or str(self.pk)
