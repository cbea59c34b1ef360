import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from community.models import Location
from community.scoping import scoped
from community.triggers import no_truncate
from payments.models.connections import GatewayConnection

# The gateway's reference of the payment that an event is about, where its payload says so the way
# that Stripe's do: the payment itself, or what is about it, such as a refund.
PAYMENT = Coalesce(KT("payload__data__object__payment_intent"), KT("payload__data__object__id"))


class GatewayEventQuerySet(models.QuerySet["GatewayEvent"]):
    def about(self, reference: str) -> "GatewayEventQuerySet":
        """Those that tell of the payment with this reference."""
        return self.alias(payment=PAYMENT).filter(payment=reference)


GatewayEventManager = models.Manager.from_queryset(GatewayEventQuerySet)


class GatewayEvent(models.Model):
    """A webhook as it came in. Processed in the transaction of its effect."""

    location = models.ForeignKey(Location, models.PROTECT)
    connection = models.ForeignKey(GatewayConnection, models.PROTECT, related_name="events")
    reference = models.CharField(_("event"), max_length=80)
    kind = models.CharField(_("kind"), max_length=80)
    payload = models.JSONField(_("payload"))
    received_at = models.DateTimeField(_("received"))
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True, default="")

    objects = scoped(GatewayEventManager)

    class Meta:
        verbose_name = _("gateway event")
        verbose_name_plural = _("gateway events")
        constraints = [
            models.UniqueConstraint("connection", "reference", name="event_once_per_connection"),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], name="event_waiting", condition=Q(processed_at=None)
            ),
            models.Index(fields=["connection", "-received_at"], name="event_by_connection"),
            models.Index(fields=["received_at"], name="event_put_aside", condition=~Q(error="")),
            models.Index(PAYMENT, name="event_by_payment"),
        ]
        triggers = [
            pgtrigger.Protect(name="event_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="event_payload_is_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__payload__df=pgtrigger.F("new__payload")),
            ),
            no_truncate("event"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
