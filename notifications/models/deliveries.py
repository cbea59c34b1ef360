import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.principals import Principal
from community.scoping import scoped
from community.triggers import no_truncate
from notifications.models.notifications import Notification
from notifications.models.preferences import Channel
from notifications.models.subscriptions import PushSubscription


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, principal: Principal) -> "DeliveryQuerySet":
        """Admins of the location see whom it told, and what came of it."""
        if not principal.is_admin:
            return self.none()
        return self.filter(location_id=principal.location_id)

    def newest_first(self) -> "DeliveryQuerySet":
        return self.order_by("-pk")

    def waiting(self) -> "DeliveryQuerySet":
        return self.filter(state__in=[Delivery.State.OWED, Delivery.State.SENDING])

    def given_up(self) -> "DeliveryQuerySet":
        return self.filter(state=Delivery.State.FAILED)


DeliveryManager = models.Manager.from_queryset(DeliveryQuerySet)


class Delivery(models.Model):
    """A notification on its way to one device or mailbox, claimed and ended by a worker."""

    class State(models.TextChoices):
        OWED = "owed", _("To be sent")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DROPPED = "dropped", _("Not sent")
        FAILED = "failed", _("Given up")

    class Reason(models.TextChoices):
        """Why it was not sent or given up."""

        SILENCED = "silenced", _("They don't want this kind any more")
        NOT_ACTIVE = "not_active", _("They are no active member any more")
        NO_ROLE = "no_role", _("They don't run the location any more")
        LEFT_COMPANY = "left_company", _("They left the company")
        SIGNED_OUT = "signed_out", _("The device is signed out")
        DEVICE_GONE = "device_gone", _("The device takes no pushes any more")
        CLOSED = "closed", _("The account is closed")
        REFUSED = "refused", _("It was refused")
        TRIED_ENOUGH = "tried_enough", _("It was tried often enough")
        UNKNOWN = "unknown", _("Whether it came is unknown, and it is sent once at most")

    location = models.ForeignKey(Location, models.PROTECT)
    notification = models.ForeignKey(Notification, models.PROTECT, related_name="deliveries")
    channel = models.CharField(
        _("channel"), max_length=5, choices=[c for c in Channel.choices if c[0] != Channel.APP]
    )
    subscription = models.ForeignKey(
        PushSubscription, models.PROTECT, related_name="deliveries", null=True, blank=True
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OWED)
    created_at = models.DateTimeField(_("created"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    tried_at = models.DateTimeField(_("tried"), null=True, blank=True)
    next_try_at = models.DateTimeField(_("next try"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, blank=True, default="")
    trouble = models.CharField(_("trouble"), max_length=200, blank=True, default="")

    objects = scoped(DeliveryManager)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                *("notification", "channel", "subscription"),
                nulls_distinct=False,
                name="delivery_once_per_device",
            ),
            models.CheckConstraint(
                condition=Q(channel="push", subscription__isnull=False)
                | Q(channel="email", subscription=None),
                name="delivery_push_has_its_device",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["owed", "sending"], ended_at=None)
                | Q(state__in=["sent", "dropped", "failed"], ended_at__isnull=False),
                name="delivery_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["dropped", "failed"]) ^ Q(reason=""),
                name="delivery_that_did_not_happen_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"], name="delivery_to_do", condition=Q(state="owed")
            ),
            models.Index(
                fields=["tried_at"], name="delivery_under_way", condition=Q(state="sending")
            ),
            models.Index(fields=["location", "-id"], name="delivery_by_location"),
            models.Index(
                fields=["ended_at"], name="delivery_given_up", condition=Q(state="failed")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="delivery_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="delivery_ended_stays",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state__in=["owed", "sending"]),
            ),
            no_truncate("delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.notification} · {self.get_channel_display()}"
