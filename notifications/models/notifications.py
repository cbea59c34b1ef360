from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.principals import Principal
from community.scoping import scoped


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, principal: Principal) -> "NotificationQuerySet":
        return self.filter(location_id=principal.location_id, user_id=principal.user_id)

    def listed(self, *, silenced: list[str]) -> "NotificationQuerySet":
        """Without the kinds that their reader doesn't want to see."""
        return self.exclude(kind__in=silenced) if silenced else self

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)

    def newest_first(self) -> "NotificationQuerySet":
        return self.order_by("-pk")


def known_kinds() -> list[tuple[str, Any]]:
    """All kinds, asked for when they are needed: a new one needs no migration."""
    return Notification.Kind.choices


NotificationManager = models.Manager.from_queryset(NotificationQuerySet)


class Notification(models.Model):
    """Kind and plain facts of what happened; the words are chosen when it is shown."""

    class Kind(models.TextChoices):
        CREDITS_ADDED = "credits_added", _("Credits added")
        CREDITS_GIVEN = "credits_given", _("Credits given")
        CREDITS_DEDUCTED = "credits_deducted", _("Credits deducted")
        CREDITS_LAPSED = "credits_lapsed", _("Credits lapsed")
        CREDITS_REVERSED = "credits_reversed", _("Credits reversed")
        CREDITS_RESTORED = "credits_restored", _("Credits restored")
        OWED_CLOSED = "owed_closed", _("Owed credits settled or waived")
        MONEY_BACK = "money_back", _("Refund or dispute")
        PLAN_CREDITS = "plan_credits", _("Plan credits added")
        TRANSFER_DUE = "transfer_due", _("Transfer due soon")
        COMPANY_JOINED = "company_joined", _("Added to a company")
        COMPANY_LEFT = "company_left", _("Removed from a company")
        COMPANY_CLOSED = "company_closed", _("Company closed")
        JOIN_REQUESTED = "join_requested", _("Request to join")
        JOIN_ACCEPTED = "join_accepted", _("Request to join accepted")
        JOIN_DECLINED = "join_declined", _("Request to join declined")
        PAYMENT_ALARM = "payment_alarm", _("Payments need a look")
        MEMBER_SUSPENDED = "member_suspended", _("Membership suspended")
        MEMBER_REACTIVATED = "member_reactivated", _("Membership reactivated")
        MEMBER_REMOVED = "member_removed", _("Membership ended")
        CREDITS_LAPSING = "credits_lapsing", _("Credits about to lapse")
        BALANCE_LOW = "balance_low", _("Low balance")
        BILL_ISSUED = "bill_issued", _("Bill issued")
        BILL_DUE = "bill_due", _("Bill due soon")
        BILL_PAID = "bill_paid", _("Bill paid")
        BILL_OVERDUE = "bill_overdue", _("Bill overdue")
        PAYMENT_FAILED = "payment_failed", _("Payment failed or needs you")
        PURCHASE_FAILED = "purchase_failed", _("Purchase not paid or needs you")
        TRANSFER_CONFIRMED = "transfer_confirmed", _("Transfer confirmed")
        TRANSFER_ORDERED = "transfer_ordered", _("Transfer to confirm")
        GATEWAY_FAILING = "gateway_failing", _("Payment service failing")
        WEBHOOK_DISABLED = "webhook_disabled", _("Webhook disabled")
        REVIEW_NEEDED = "review_needed", _("Payment to review")
        BILLS_OVERDUE = "bills_overdue", _("Overdue bills, once a day")

    location = models.ForeignKey(Location, models.PROTECT)
    user = models.ForeignKey(User, models.PROTECT, related_name="notifications")
    kind = models.CharField(_("kind"), max_length=30, choices=known_kinds)
    facts = models.JSONField(_("facts"), default=dict)
    key = models.CharField(_("key"), max_length=80)
    created_at = models.DateTimeField(_("created"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    planned_at = models.DateTimeField(
        _("deliveries planned"), null=True, blank=True, help_text="Since then they are rows."
    )

    objects = scoped(NotificationManager)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint("user", "key", name="notification_once_per_user_and_key"),
        ]
        indexes = [
            models.Index(fields=["user", "location", "-id"], name="notification_by_user"),
            models.Index(
                fields=["user", "location"],
                name="notification_unread",
                condition=models.Q(read_at=None),
            ),
            # What is told by the calendar is looked up before it is told.
            models.Index(
                fields=["key"],
                name="notification_by_calendar",
                condition=models.Q(
                    kind__in=["bill_due", "bill_overdue", "bills_overdue", "credits_lapsing"]
                ),
            ),
            models.Index(
                fields=["id"], name="notification_to_plan", condition=models.Q(planned_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
