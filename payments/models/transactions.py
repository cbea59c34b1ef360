from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models import Bill
from community.models import Customer, Location, User
from community.scoping import OwnedQuerySet, scoped
from community.triggers import changes, no_truncate, told_outside
from payments.models.cards import Card
from payments.models.connections import GatewayConnection

# What a settled transaction says for ever. What is taken back of it, and whether that returns,
# is told later.
WRITTEN = (
    *("location", "customer", "connection", "kind", "amount_minor", "currency", "key"),
    *("reference", "card", "keep_card", "paid_with", "bill", "automatic_try", "is_surplus"),
    *(
        "extra_minor",
        "failure_code",
        "due_on",
        "announced_at",
        "received_on",
        "charge",
        "recorded_by",
    ),
    *("made_by", "created_at", "submitted_at", "settled_at"),
)


class TransactionQuerySet(OwnedQuerySet["Transaction"]):
    def transfers(self) -> "TransactionQuerySet":
        return self.filter(due_on__isnull=False)

    def charges(self) -> "TransactionQuerySet":
        """Without what was taken back of them."""
        return self.filter(kind=Transaction.Kind.CHARGE)

    def with_what_they_are_for(self) -> "TransactionQuerySet":
        """With all that a row of a list says."""
        return self.select_related(
            *("purchase__receipt", "bill", "charge__purchase__receipt", "charge__bill"),
            *("connection", "made_by", "recorded_by"),
        )

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
    """One movement of real money, with its state and the gateway's reference.

    A charge brings money. A refund or dispute takes some of it back; it has failed once that
    money came back to the location.
    """

    class Kind(models.TextChoices):
        CHARGE = "charge", _("Charge")
        REFUND = "refund", _("Refund")
        DISPUTE = "dispute", _("Dispute")

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
    # Of a refund or dispute: what it takes back, and since when it does no longer.
    charge = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="takings"
    )
    returned_at = models.DateTimeField(_("came back"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who noted a refund made outside a gateway.",
    )
    # Of a charge: what is taken back of it at present, and when anything first was.
    taken_back_minor = models.BigIntegerField(_("taken back, minor units"), default=0, db_default=0)
    taken_back_at = models.DateTimeField(_("first taken back"), null=True, blank=True)
    # Of a charge that staff settled with more than was asked: how much more came. Refunds give that
    # back first. Of a refund or dispute: how much of it does, and takes back nothing.
    extra_minor = models.BigIntegerField(_("more than asked, minor units"), default=0, db_default=0)
    extra_back_minor = models.BigIntegerField(
        _("of that given back, minor units"), default=0, db_default=0
    )
    made_by = models.ForeignKey(User, models.PROTECT)
    created_at = models.DateTimeField(_("created"))
    submitted_at = models.DateTimeField(_("sent to the gateway"), null=True, blank=True)
    asked_at = models.DateTimeField(_("last asked about"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = scoped(TransactionManager)

    if TYPE_CHECKING:
        bill_id: int | None
        charge_id: int | None
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
                condition=Q(state="succeeded", is_surplus=False, taken_back_at=None),
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
            models.CheckConstraint(
                condition=Q(kind="charge", charge__isnull=True, returned_at__isnull=True)
                | Q(kind__in=["refund", "dispute"], charge__isnull=False, bill__isnull=True)
                & Q(due_on__isnull=True, taken_back_minor=0, taken_back_at__isnull=True),
                name="transaction_takes_back_a_charge",
            ),
            models.CheckConstraint(
                condition=Q(kind="charge")
                | Q(state="succeeded", returned_at__isnull=True)
                | Q(state="failed", returned_at__isnull=False),
                name="transaction_taken_back_or_returned",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_minor__gte=0, taken_back_minor__lte=F("amount_minor")),
                name="transaction_taken_back_up_to_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_minor=0) | Q(state="succeeded", taken_back_at__isnull=False),
                name="transaction_taken_back_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(extra_back_minor__gte=0, extra_back_minor__lte=F("extra_minor")),
                name="transaction_extra_back_up_to_what_came",
            ),
            models.CheckConstraint(
                condition=Q(kind="charge")
                | Q(extra_minor__lte=F("amount_minor"), extra_back_minor=0),
                name="transaction_extra_back_is_part_of_it",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="transaction_by_customer"),
            # The desk's list, and what it is searched by.
            models.Index(fields=["location", "-id"], name="transaction_by_location"),
            models.Index(fields=["location", "created_at"], name="transaction_by_time"),
            models.Index(fields=["location", "amount_minor"], name="transaction_by_amount"),
            models.Index(fields=["reference"], name="transaction_by_reference"),
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
                condition=pgtrigger.Q(old__kind="charge", old__state="succeeded")
                & changes(*WRITTEN, "state", "returned_at"),
            ),
            pgtrigger.Protect(
                name="transaction_taking_only_returns",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__kind="charge")
                & (
                    ~pgtrigger.Q(old__state="succeeded", new__state="failed")
                    | changes(*WRITTEN, "taken_back_minor", "taken_back_at")
                ),
            ),
            pgtrigger.Protect(
                name="transaction_amount_is_fixed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__amount_minor__df=pgtrigger.F("new__amount_minor"))
                | pgtrigger.Q(old__currency__df=pgtrigger.F("new__currency")),
            ),
            told_outside(
                "failed_payment",
                """CASE WHEN NEW.kind = 'charge' AND OLD.state <> 'failed' AND NEW.state = 'failed'
         THEN 'payment.failed' END""",
                pgtrigger.Update,
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
    def brought_minor(self) -> int:
        """What a charge brought: more than its amount, if staff settled it so."""
        return self.amount_minor + self.extra_minor

    @property
    def given_back_minor(self) -> int:
        """What of that is gone at present."""
        return self.taken_back_minor + self.extra_back_minor

    @property
    def left_minor(self) -> int:
        """What of a charge can still be taken back."""
        return self.brought_minor - self.given_back_minor

    @property
    def signed_minor(self) -> int:
        """Below 0 if it takes money back."""
        return self.amount_minor if self.kind == self.Kind.CHARGE else -self.amount_minor

    @property
    def spaced_reference(self) -> str:
        """In groups of four, as banks print it."""
        return " ".join(
            self.reference[place : place + 4] for place in range(0, len(self.reference), 4)
        )
