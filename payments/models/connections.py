from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.encryption import EncryptedTextField
from community.models import Customer, Location, User
from community.scoping import scoped
from payments.gateways.registry import (
    KINDS,
    that_are_spoken_to,
    that_charge_cards,
    that_confirm_later,
)


class GatewayConnectionQuerySet(models.QuerySet["GatewayConnection"]):
    def connected(self) -> "GatewayConnectionQuerySet":
        return self.filter(state=GatewayConnection.State.CONNECTED).order_by("position", "pk")

    def for_cards(self) -> "GatewayConnectionQuerySet":
        """Connected, and able to charge a card."""
        return self.connected().filter(gateway__in=that_charge_cards())

    def for_transfers(self) -> "GatewayConnectionQuerySet":
        return self.connected().filter(gateway__in=that_confirm_later())

    def spoken_to(self) -> "GatewayConnectionQuerySet":
        """Connected, and asked by us how a payment went."""
        return self.connected().filter(gateway__in=that_are_spoken_to())

    def in_use(self) -> "GatewayConnectionQuerySet":
        """Connected, or finishing what was under way when it was disconnected."""
        return self.exclude(state=GatewayConnection.State.DISCONNECTED)


GatewayConnectionManager = models.Manager.from_queryset(GatewayConnectionQuerySet)


class GatewayConnection(models.Model):
    """A location's account at a gateway."""

    class Gateway(StrEnum):
        """Those with a page of their own; payments.gateways.registry has them all."""

        STRIPE = "stripe"
        BANK_TRANSFER = "bank_transfer"

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        DISCONNECTING = "disconnecting", _("Finishing payments")
        DISCONNECTED = "disconnected", _("Disconnected")

    location = models.ForeignKey(Location, models.PROTECT)
    # In the webhook's address: says nothing and can't be guessed.
    key = models.UUIDField(_("key"), default=uuid4, unique=True, editable=False)
    gateway = models.CharField(_("gateway"), max_length=20)
    state = models.CharField(_("state"), max_length=15, choices=State, default=State.CONNECTED)
    position = models.PositiveSmallIntegerField(_("order at checkout"), default=0)
    account = models.CharField(_("account"), max_length=80)
    livemode = models.BooleanField(_("live"), default=False)
    publishable_key = models.CharField(_("publishable key"), max_length=255)
    secret_key = EncryptedTextField(_("restricted key"), blank=True, default="")
    webhook_secret = EncryptedTextField(_("webhook secret"), blank=True, default="")
    webhook_reference = models.CharField(_("webhook"), max_length=80, blank=True, default="")
    account_details = models.TextField(
        _("account details, as buyers see them"), max_length=500, blank=True, default=""
    )
    api_base = models.URLField(
        _("API base"), blank=True, default="", help_text="Set by the operator's command only."
    )
    connected_at = models.DateTimeField(_("connected"))
    connected_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    disconnected_at = models.DateTimeField(_("disconnected"), null=True, blank=True)

    # What the gateway said of the account when it was last asked.
    account_name = models.CharField(_("account name"), max_length=200, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    account_currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    charges_enabled = models.BooleanField(_("charges enabled"), null=True, blank=True)
    clock_offset_seconds = models.IntegerField(_("clock offset"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    check_failure = models.CharField(_("failure"), max_length=60, blank=True, default="")

    # Whether its webhooks come and are its own.
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True)
    test_reference = models.CharField(_("test"), max_length=80, blank=True, default="")
    refused_events = models.PositiveIntegerField(_("signature failures"), default=0)
    refused_lately = models.PositiveIntegerField(_("signature failures in a row"), default=0)
    event_refused_at = models.DateTimeField(_("last signature failure"), null=True, blank=True)

    objects = scoped(GatewayConnectionManager)

    if TYPE_CHECKING:
        location_id: int

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
            # An account that returns is the same row again, with the cards that were kept there.
            models.UniqueConstraint(
                *("location", "gateway", "account", "livemode"),
                name="gateway_account_once_per_location",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["connected", "disconnecting", "disconnected"]),
                name="gateway_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="connected") ^ Q(disconnected_at__isnull=False),
                name="gateway_not_connected_has_a_time",
            ),
            models.CheckConstraint(
                condition=(
                    ~Q(gateway="bank_transfer") & (Q(state="disconnected") ^ ~Q(secret_key=""))
                )
                | Q(gateway="bank_transfer", secret_key=""),
                name="gateway_in_use_has_its_key",
            ),
            models.CheckConstraint(
                condition=~Q(state="disconnected") | Q(webhook_secret=""),
                name="gateway_disconnected_keeps_no_secret",
            ),
            models.CheckConstraint(
                condition=Q(gateway="bank_transfer") ^ Q(account_details=""),
                name="gateway_for_transfers_has_an_account",
            ),
        ]

    def __str__(self) -> str:
        return str(KINDS[self.gateway].label)

    @property
    def key_ending(self) -> str:
        """All of the key that is ever shown."""
        return str(self.secret_key)[-4:]

    @property
    def keeps_no_cards(self) -> bool:
        return not KINDS[self.gateway].abilities.saves_cards

    @property
    def hears_webhooks(self) -> bool:
        return bool(self.webhook_secret)


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
