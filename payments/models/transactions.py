from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models import Bill
from community.models import Customer, Location, User
from community.principals import Principal
from community.scoping import scoped
from community.triggers import no_truncate
from payments.models.cards import Card
from payments.models.connections import GatewayConnection


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def visible_to(self, principal: Principal) -> "TransactionQuerySet":
        """Staff see every transaction of their location, others their own and those they manage."""
        if principal.is_staff:
            return self.filter(location_id=principal.location_id)
        return self.filter(
            location_id=principal.location_id, customer_id__in=principal.own_customer_ids
        )

    def transfers(self) -> "TransactionQuerySet":
        return self.filter(due_on__isnull=False)

    def awaited(self) -> "TransactionQuerySet":
        """Transfers that may still come in time."""
        return self.transfers().filter(state=Transaction.State.PENDING)

    def search(self, words: str) -> "TransactionQuerySet":
        """Those whose reference, spaced or not, or whose customer has the words in it."""
        found = self.filter(reference__icontains="".join(words.split()))
        for name in (
            "customer__company__name",
            "customer__member__user__name",
            "customer__member__user__email",
        ):
            found |= self.filter(**{f"{name}__icontains": words})
        return found

    def newest_first(self) -> "TransactionQuerySet":
        return self.order_by("-pk")


TransactionManager = models.Manager.from_queryset(TransactionQuerySet)


class Transaction(models.Model):
    """One movement of real money, with its state and the gateway's reference."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charge")

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="transactions")
    connection = models.ForeignKey(GatewayConnection, models.PROTECT)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CHARGE)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    amount_minor = models.BigIntegerField(_("amount, minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    key = models.UUIDField(_("idempotency key"), unique=True)
    reference = models.CharField(_("gateway reference"), max_length=80, blank=True, default="")
    card = models.ForeignKey(Card, models.PROTECT, null=True, blank=True)
    keep_card = models.BooleanField(_("keep the card"), default=False)
    paid_with = models.CharField(_("paid with"), max_length=60, blank=True, default="")
    bill = models.ForeignKey(Bill, models.PROTECT, null=True, blank=True, related_name="charges")
    automatic_try = models.PositiveSmallIntegerField(
        _("number of the automatic try"), null=True, blank=True
    )
    is_surplus = models.BooleanField(_("paid what was paid already"), default=False)
    failure_code = models.CharField(_("failure"), max_length=60, blank=True, default="")
    due_on = models.DateField(_("awaited until"), null=True, blank=True)
    announced_at = models.DateTimeField(_("told that it is due soon"), null=True, blank=True)
    received_on = models.DateField(_("received on"), null=True, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT)
    created_at = models.DateTimeField(_("created"))
    submitted_at = models.DateTimeField(_("sent to the gateway"), null=True, blank=True)
    asked_at = models.DateTimeField(_("last asked about"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = scoped(TransactionManager)

    if TYPE_CHECKING:
        bill_id: int | None
        card_id: int | None
        connection_id: int
        customer_id: int
        location_id: int
        made_by_id: int

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint(
                "connection",
                "kind",
                "reference",
                condition=~Q(reference=""),
                name="transaction_once_per_reference",
            ),
            models.UniqueConstraint(
                "bill",
                condition=Q(state="pending"),
                name="transaction_one_under_way_per_bill",
            ),
            models.UniqueConstraint(
                "bill",
                condition=Q(state="succeeded", is_surplus=False),
                name="transaction_pays_a_bill_once",
            ),
            models.UniqueConstraint(
                "bill", "automatic_try", name="transaction_tried_once_by_itself"
            ),
            models.CheckConstraint(
                condition=Q(bill__isnull=False) | Q(automatic_try__isnull=True, is_surplus=False),
                name="transaction_is_automatic_or_surplus_for_bills",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="transaction_moves_money"),
            models.CheckConstraint(
                condition=Q(due_on__isnull=False)
                | Q(announced_at__isnull=True, received_on__isnull=True),
                name="transaction_only_what_is_due_is_awaited",
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(card__isnull=True, bill__isnull=True),
                name="transaction_due_needs_no_card",
            ),
            models.CheckConstraint(
                condition=Q(state="pending") ^ Q(settled_at__isnull=False),
                name="transaction_settled_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="succeeded", reference=""),
                name="transaction_succeeded_has_a_reference",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="transaction_by_customer"),
            models.Index(
                fields=["created_at"], name="transaction_pending", condition=Q(state="pending")
            ),
            models.Index(
                fields=["location", "-id"],
                name="transaction_transfers",
                condition=Q(due_on__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="transaction_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="transaction_succeeded_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="succeeded"),
            ),
            pgtrigger.Protect(
                name="transaction_amount_is_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__amount_minor__df=pgtrigger.F("new__amount_minor"))
                | pgtrigger.Q(old__currency__df=pgtrigger.F("new__currency")),
            ),
            no_truncate("transaction"),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.key)

    @property
    def is_awaited(self) -> bool:
        """Whether its money may still come, and a person says so when it does."""
        return self.due_on is not None and self.state == self.State.PENDING

    @property
    def spaced_reference(self) -> str:
        """In groups of four, as banks print it."""
        return " ".join(
            self.reference[place : place + 4] for place in range(0, len(self.reference), 4)
        )
