from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from community.encryption import EncryptedTextField
from community.models import Location, User
from community.scoping import scoped
from community.triggers import no_truncate


class WebhookKind(models.TextChoices):
    PURCHASE_COMPLETED = "purchase.completed", _("A purchase is completed")
    CREDITS_ADDED = "credits.added", _("Credits are added")
    CREDITS_SPENT = "credits.spent", _("Credits are spent or deducted")
    CREDITS_REVERSED = "credits.reversed", _("Credits are given or taken back")
    BILL_ISSUED = "bill.issued", _("A bill is issued")
    BILL_PAID = "bill.paid", _("A bill is paid")
    PAYMENT_FAILED = "payment.failed", _("A payment fails")


class WebhookEndpoint(models.Model):
    """An address of other software that is told what happens at a location."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="webhook_endpoints")
    url = models.CharField(_("address"), max_length=500)
    events = ArrayField(
        models.CharField(max_length=20, choices=WebhookKind), verbose_name=_("events")
    )
    secrets = EncryptedTextField(_("secrets"), help_text="Newest first, by spaces.")
    rotated_at = models.DateTimeField(_("rotated"), null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"))
    next_call_at = models.DateTimeField(
        _("next call"), help_text="Later while it is being called, and while it rests from failing."
    )
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = scoped(models.Manager["WebhookEndpoint"])

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.UniqueConstraint(
                fields=["location", "url"],
                condition=Q(removed_at=None),
                name="webhook_endpoint_once_per_address",
            ),
            models.CheckConstraint(
                condition=Q(events__len__gt=0), name="webhook_endpoint_hears_something"
            ),
            models.CheckConstraint(
                condition=Q(events__contained_by=WebhookKind.values),
                name="webhook_endpoint_events_are_known",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(disabled_at__isnull=False),
                name="webhook_endpoint_removed_is_disabled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["location"], name="webhook_that_listens", condition=Q(disabled_at=None)
            ),
        ]
        triggers = [no_truncate("webhook_endpoint")]

    def __str__(self) -> str:
        return self.url


class WebhookEvent(models.Model):
    """Something that happened, noted by the database in the transaction in which it did.

    What is told of it is put together once, by the worker that plans its deliveries.
    """

    location = models.ForeignKey(Location, models.PROTECT)
    kind = models.CharField(_("kind"), max_length=20, choices=WebhookKind)
    subject_id = models.BigIntegerField(_("what it is about"))
    happened_at = models.DateTimeField(_("happened"), db_default=Now())
    planned_at = models.DateTimeField(_("planned"), null=True, blank=True)
    payload = models.JSONField(_("payload"), null=True, blank=True)

    objects = scoped(models.Manager["WebhookEvent"])

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_at__isnull=True) ^ Q(payload__isnull=False),
                name="webhook_event_planned_has_its_payload",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="webhook_event_to_plan", condition=Q(planned_at=None)),
        ]
        triggers = [no_truncate("webhook_event")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"

    @property
    def message_id(self) -> str:
        """The same at each try: a receiver knows by it what it has already."""
        return f"msg_{self.pk}"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, *, at: datetime) -> "WebhookDeliveryQuerySet":
        """Those to be sent now: their endpoint is enabled, and neither called nor resting."""
        return self.filter(
            state=WebhookDelivery.State.OWED,
            next_try_at__lte=at,
            endpoint__disabled_at=None,
            endpoint__next_call_at__lte=at,
        )


WebhookDeliveryManager = models.Manager.from_queryset(WebhookDeliveryQuerySet)


class WebhookDelivery(models.Model):
    """An event on its way to one endpoint, until it is taken or given up."""

    class State(models.TextChoices):
        OWED = "owed", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Given up")

    class Trouble(models.TextChoices):
        INSIDE = "inside", _("Its name leads to a private address")
        NO_NAME = "no_name", _("Its name is not found")
        REFUSED = "refused", _("No connection")
        CERTIFICATE = "certificate", _("Its certificate is not valid")
        SILENT = "silent", _("No answer")

    event = models.ForeignKey(WebhookEvent, models.PROTECT, related_name="deliveries")
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OWED)
    created_at = models.DateTimeField(_("created"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"))
    give_up_at = models.DateTimeField(_("tried until"))
    tried_at = models.DateTimeField(_("tried"), null=True, blank=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=16, choices=Trouble, blank=True, default="")

    objects = scoped(WebhookDeliveryManager, location="endpoint__location")

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint("event", "endpoint", name="webhook_delivery_once_per_endpoint"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(tried_at__isnull=False),
                name="webhook_delivery_sent_was_tried",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_try_at"],
                name="webhook_delivery_owed",
                condition=Q(state="owed"),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_log"),
        ]
        triggers = [no_truncate("webhook_delivery")]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"
