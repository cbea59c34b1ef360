from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location
from community.scoping import scoped
from payments.encryption import EncryptedTextField


class GatewayConnectionQuerySet(models.QuerySet["GatewayConnection"]):
    def connected(self) -> "GatewayConnectionQuerySet":
        return self.filter(state=GatewayConnection.State.CONNECTED).order_by("position", "pk")


GatewayConnectionManager = models.Manager.from_queryset(GatewayConnectionQuerySet)


class GatewayConnection(models.Model):
    """A location's account at a gateway."""

    class Gateway(models.TextChoices):
        STRIPE = "stripe", _("Stripe")

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        DISCONNECTED = "disconnected", _("Disconnected")

    location = models.ForeignKey(Location, models.PROTECT)
    # In the webhook's address: says nothing and can't be guessed.
    key = models.UUIDField(_("key"), default=uuid4, unique=True, editable=False)
    gateway = models.CharField(_("gateway"), max_length=20, choices=Gateway)
    state = models.CharField(_("state"), max_length=15, choices=State, default=State.CONNECTED)
    position = models.PositiveSmallIntegerField(_("order at checkout"), default=0)
    account = models.CharField(_("account"), max_length=80)
    livemode = models.BooleanField(_("live"), default=False)
    publishable_key = models.CharField(_("publishable key"), max_length=255)
    secret_key = EncryptedTextField(_("restricted key"))
    webhook_secret = EncryptedTextField(_("webhook secret"), blank=True, default="")
    api_base = models.URLField(
        _("API base"), blank=True, default="", help_text="Set by the operator's command only."
    )
    connected_at = models.DateTimeField(_("connected"))

    objects = scoped(GatewayConnectionManager)

    class Meta:
        verbose_name = _("gateway connection")
        verbose_name_plural = _("gateway connections")
        constraints = [
            models.UniqueConstraint(
                "location",
                "gateway",
                condition=Q(state="connected"),
                name="gateway_connected_once_per_location",
            ),
        ]

    def __str__(self) -> str:
        return self.get_gateway_display()


class GatewayCustomer(models.Model):
    """Under which reference a gateway account knows a customer."""

    location = models.ForeignKey(Location, models.PROTECT)
    connection = models.ForeignKey(GatewayConnection, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT)
    reference = models.CharField(_("reference"), max_length=80)

    objects = scoped(models.Manager["GatewayCustomer"])

    class Meta:
        verbose_name = _("gateway customer")
        verbose_name_plural = _("gateway customers")
        constraints = [
            models.UniqueConstraint(
                "connection", "customer", name="gateway_customer_once_per_connection"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
