from datetime import date, timedelta
from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from analytics.models import Source
from community.models import Customer, Location, User
from community.money import Tax
from community.scoping import OwnedQuerySet, scoped
from community.triggers import append_only, changes, no_truncate, told_outside

if TYPE_CHECKING:
    from billing.models.payments import BillPayment

# An active bill collects items; what is issued never changes but for how it ends.
BILL_TRANSITIONS = [
    ("active", "issued"),
    ("active", "paid"),  # a total of 0 is issued as paid
    ("active", "void"),  # nothing was on it
    ("issued", "paid"),
    ("paid", "issued"),  # its money was taken back
    ("issued", "void"),
]

# What the document says. How it ends is another matter: its state, and what is credited.
WRITTEN_WHEN_ISSUED = (
    *("location", "customer", "key", "period_start", "period_end", "currency"),
    *("net_minor", "tax_minor", "total_minor", "opened_at"),
    *("sequence", "number", "issued_at", "due_on", "seller", "buyer"),
)


class BillQuerySet(OwnedQuerySet["Bill"]):
    def active(self) -> "BillQuerySet":
        return self.filter(state=Bill.State.ACTIVE)

    def with_something_on_it(self) -> "BillQuerySet":
        """Those that would be issued: with an item that was not removed."""
        standing = BillItem.objects.standing().filter(bill=OuterRef("pk"))
        return self.filter(Exists(standing))

    def overdue(self, today: date) -> "BillQuerySet":
        return self.filter(state=Bill.State.ISSUED, due_on__lt=today)

    def due(self, today: date) -> "BillQuerySet":
        """Issued and not paid, with time left to pay."""
        return self.filter(state=Bill.State.ISSUED, due_on__gte=today)

    def search(self, words: str) -> "BillQuerySet":
        """Those whose number or customer has each of the words in it."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(number__icontains=word)
                | Q(customer__company__name__icontains=word)
                | Q(customer__member__user__name__icontains=word)
                | Q(customer__member__user__email__icontains=word)
            )
        return found

    def with_who(self) -> "BillQuerySet":
        """With all that a row of a list says."""
        found = self.select_related("customer__member__user", "customer__company")
        return found.prefetch_related("payments")

    def newest_first(self) -> "BillQuerySet":
        return self.order_by("-pk")


BillManager = models.Manager.from_queryset(BillQuerySet)


class Bill(models.Model):
    """What a customer owes for one period. While active it collects items."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        ISSUED = "issued", _("Issued")
        PAID = "paid", _("Paid")
        VOID = "void", _("Void")

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="bills")
    key = models.CharField(_("key"), max_length=80)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    period_start = models.DateField(_("first day"), null=True, blank=True)
    period_end = models.DateField(
        _("end"), null=True, blank=True, help_text="The first day that is not in the period."
    )
    currency = models.CharField(_("currency"), max_length=3)
    net_minor = models.BigIntegerField(_("net, minor units"), default=0)
    tax_minor = models.BigIntegerField(_("tax, minor units"), default=0)
    total_minor = models.BigIntegerField(_("total, minor units"), default=0)
    credited_minor = models.BigIntegerField(_("credited, minor units"), default=0)
    paid_minor = models.BigIntegerField(
        _("paid, minor units"),
        default=0,
        db_default=0,
        help_text="Without what was taken back again.",
    )
    opened_at = models.DateTimeField(_("opened"))
    sequence = models.PositiveIntegerField(_("place in the series"), null=True, blank=True)
    number = models.CharField(_("number"), max_length=30, blank=True, default="")
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    seller = models.JSONField(_("seller"), default=dict, blank=True)
    buyer = models.JSONField(_("buyer"), default=dict, blank=True)

    objects = scoped(BillManager)

    if TYPE_CHECKING:
        customer_id: int
        location_id: int

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        constraints = [
            models.UniqueConstraint(
                "customer", condition=Q(state="active"), name="bill_active_once_per_customer"
            ),
            models.UniqueConstraint("location", "key", name="bill_once_per_key"),
            models.UniqueConstraint("location", "sequence", name="bill_has_its_own_number"),
            models.UniqueConstraint(
                "location", "number", condition=~Q(number=""), name="bill_number_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="bill_total_is_net_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(credited_minor=0)
                | Q(credited_minor__gte=0, credited_minor__lte=F("total_minor")),
                name="bill_credited_up_to_its_total",
            ),
            models.CheckConstraint(condition=Q(paid_minor__gte=0), name="bill_paid_not_negative"),
            models.CheckConstraint(
                condition=Q(state__in=["issued", "paid"], sequence__isnull=False)
                | Q(state="active", sequence__isnull=True)
                | Q(state="void"),
                name="bill_issued_has_a_number",
            ),
            models.CheckConstraint(
                condition=(Q(sequence__isnull=True) & Q(issued_at__isnull=True) & Q(number=""))
                | (Q(sequence__isnull=False) & Q(issued_at__isnull=False) & ~Q(number="")),
                name="bill_number_comes_with_issuing",
            ),
            models.CheckConstraint(
                condition=Q(period_start__isnull=True, period_end__isnull=True)
                | Q(period_start__lt=F("period_end")),
                name="bill_period_has_days",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="bill_by_customer"),
            models.Index(fields=["location", "-id"], name="bill_by_location"),
            models.Index(
                fields=["customer", "due_on"], name="bill_unpaid", condition=Q(state="issued")
            ),
            models.Index(
                fields=["location", "state"],
                name="bill_not_over",
                condition=Q(state__in=["active", "issued"]),
            ),
            models.Index(
                fields=["period_end"], name="bill_to_be_closed", condition=Q(state="active")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="bill_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="bill_state_moves_forward", field="state", transitions=BILL_TRANSITIONS
            ),
            pgtrigger.Protect(
                name="bill_issued_never_changes",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="active") & changes(*WRITTEN_WHEN_ISSUED),
            ),
            told_outside(
                "bill_issued",
                """CASE WHEN OLD.sequence IS NULL AND NEW.sequence IS NOT NULL
         THEN 'bill.issued' END""",
                pgtrigger.Update,
            ),
            told_outside(
                "bill_paid",
                "CASE WHEN OLD.state <> 'paid' AND NEW.state = 'paid' THEN 'bill.paid' END",
                pgtrigger.Update,
            ),
            no_truncate("bill"),
        ]

    def __str__(self) -> str:
        return self.number or self.get_state_display()

    @property
    def left_minor(self) -> int:
        """Its total without what was credited."""
        return self.total_minor - self.credited_minor

    @property
    def to_pay_minor(self) -> int:
        """What a payment of it comes to; below 0 if more was paid than is left of it."""
        return self.left_minor - self.paid_minor

    @property
    def payment(self) -> "BillPayment | None":
        """What paid it last, if it is paid."""
        if self.state != self.State.PAID:
            return None
        paid = (it for it in self.payments.all() if it.amount_minor > 0)
        return max(paid, key=lambda it: it.pk, default=None)

    @property
    def last_day(self) -> date | None:
        return self.period_end - timedelta(days=1) if self.period_end else None


class BillItemQuerySet(models.QuerySet["BillItem"]):
    def standing(self) -> "BillItemQuerySet":
        """Without those that were removed, and what removed them."""
        return self.filter(removes=None, removed_by=None)


BillItemManager = models.Manager.from_queryset(BillItemQuerySet)


class BillItem(models.Model):
    """One thing on a bill: a plan's fee, credits, or what an admin added by hand.

    One that is removed stays, and a second one takes its amounts off the bill again.
    """

    location = models.ForeignKey(Location, models.PROTECT)
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="items")
    source = models.CharField(_("source"), max_length=10, choices=Source)
    description = models.CharField(_("description"), max_length=200)
    net_minor = models.BigIntegerField(_("net, minor units"))
    tax_minor = models.BigIntegerField(_("tax, minor units"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    tax_name = models.CharField(_("tax name"), max_length=30, blank=True)
    tax_percent = models.DecimalField(_("tax percent"), max_digits=5, decimal_places=2)
    exemption = models.CharField(_("why no tax is charged"), max_length=200, blank=True, default="")
    key = models.CharField(_("key"), max_length=80)
    removes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="removed_by"
    )
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    added_at = models.DateTimeField(_("added"))

    objects = scoped(BillItemManager)

    if TYPE_CHECKING:
        bill_id: int
        location_id: int

    class Meta:
        verbose_name = _("bill item")
        verbose_name_plural = _("bill items")
        constraints = [
            models.UniqueConstraint("location", "key", name="bill_item_once_per_key"),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="bill_item_total_is_net_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(exemption="") | Q(tax_minor=0), name="bill_item_exempt_has_no_tax"
            ),
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="bill_item_source_is_known"
            ),
            models.CheckConstraint(
                condition=Q(removes__isnull=True, total_minor__gte=0)
                | Q(removes__isnull=False, total_minor__lte=0),
                name="bill_item_takes_off_only_what_it_removes",
            ),
        ]
        triggers = append_only("bill_item")

    def __str__(self) -> str:
        return self.description

    @property
    def tax(self) -> Tax:
        """What its amounts were made with; they contain it, whatever prices did."""
        return Tax(self.tax_name, self.tax_percent, included=False, exemption=self.exemption)
