from datetime import datetime
from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models import BillItem, Receipt
from community.models import ApiKey, Customer, Location, Member
from community.money import Tax, TaxedAmount
from community.principals import Principal
from community.scoping import scoped
from community.triggers import no_truncate, told_outside
from credits.models import CreditOption, Entry
from membership.models.plans import PlanAssignment
from payments.models import Transaction

# What may follow what: success outranks failure, and nothing leaves success.
PURCHASE_TRANSITIONS = [
    ("pending", "completed"),
    ("pending", "failed"),
    ("pending", "expired"),
    ("awaiting_payment", "completed"),
    ("awaiting_payment", "cancelled"),
    ("awaiting_payment", "expired"),
    ("failed", "completed"),
    ("expired", "completed"),
    ("cancelled", "completed"),
]


class PurchaseQuerySet(models.QuerySet["Purchase"]):
    def visible_to(self, principal: Principal) -> "PurchaseQuerySet":
        """Staff see every purchase of their location, others what is theirs."""
        if principal.is_staff:
            return self.filter(location_id=principal.location_id)
        return self.own_to(principal)

    def own_to(self, principal: Principal) -> "PurchaseQuerySet":
        """For oneself, for companies that one manages, and what one bought for another of one's."""
        own = Q(customer_id__in=principal.own_customer_ids)
        bought = Q(
            customer_id__in=principal.customer_ids_to_look_at, bought_by_id=principal.member_id
        )
        return self.filter(own | bought, location_id=principal.location_id)

    def unpaid_at_gateways(self) -> "PurchaseQuerySet":
        """Under way at a gateway, or awaiting a transfer."""
        return self.filter(
            Q(state=Purchase.State.PENDING)
            | Q(state=Purchase.State.AWAITING_PAYMENT, method=Purchase.Method.GATEWAY)
        )

    def being_checked(self) -> "PurchaseQuerySet":
        """Sent to a gateway that has not answered: the money may have moved."""
        return self.filter(
            charge__state=Transaction.State.PENDING,
            charge__submitted_at__isnull=False,
            charge__reference="",
        )

    def sold(self, *, from_: datetime, until: datetime) -> "PurchaseQuerySet":
        """Those that count as sold in a time, as revenue has them: on the bill when written."""
        on_bill = Q(
            method=Purchase.Method.BILL,
            state__in=[Purchase.State.AWAITING_PAYMENT, Purchase.State.COMPLETED],
            created_at__gte=from_,
            created_at__lt=until,
        )
        paid_or_free = ~Q(method=Purchase.Method.BILL) & Q(
            state=Purchase.State.COMPLETED, completed_at__gte=from_, completed_at__lt=until
        )
        return self.filter(on_bill | paid_or_free)


PurchaseManager = models.Manager.from_queryset(PurchaseQuerySet)


class Purchase(models.Model):
    """One attempt of a customer to get one option, with what it was and cost, frozen."""

    class Method(models.TextChoices):
        GATEWAY = "gateway", _("Payment service")
        BILL = "bill", _("Bill")
        FREE = "free", _("Free")

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")

    location = models.ForeignKey(Location, models.PROTECT)
    key = models.UUIDField(_("idempotency key"), unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="purchases")
    bought_by = models.ForeignKey(Member, models.PROTECT, related_name="purchases")
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="+")
    option = models.ForeignKey(CreditOption, models.PROTECT, related_name="purchases")
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)
    expiry_months = models.PositiveSmallIntegerField(_("expiry"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    list_price_minor = models.BigIntegerField(_("list price, minor units"))
    discount_percent = models.DecimalField(
        _("discount, percent"), max_digits=5, decimal_places=2, default=Decimal(0)
    )
    assignment = models.ForeignKey(
        PlanAssignment, models.PROTECT, null=True, blank=True, related_name="purchases"
    )
    net_minor = models.BigIntegerField(_("net, minor units"))
    tax_minor = models.BigIntegerField(_("tax, minor units"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    tax_name = models.CharField(_("tax name"), max_length=30, blank=True)
    tax_percent = models.DecimalField(_("tax percent"), max_digits=5, decimal_places=2)
    exemption = models.CharField(_("why no tax is charged"), max_length=200, blank=True, default="")
    tax_included = models.BooleanField(_("price includes tax"))
    method = models.CharField(_("method"), max_length=10, choices=Method)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PENDING)
    charge = models.OneToOneField(
        Transaction, models.PROTECT, null=True, blank=True, related_name="purchase"
    )
    bill_item = models.OneToOneField(
        BillItem, models.PROTECT, null=True, blank=True, related_name="purchase"
    )
    period_start = models.DateField(_("period of the free claim"), null=True, blank=True)
    claim_number = models.PositiveIntegerField(
        _("number of the free claim in its period"), null=True, blank=True
    )
    accrual = models.OneToOneField(
        Entry, models.PROTECT, null=True, blank=True, related_name="purchase"
    )
    receipt = models.OneToOneField(
        Receipt, models.PROTECT, null=True, blank=True, related_name="purchase"
    )
    taken_back_minor = models.BigIntegerField(_("taken back, minor units"), default=0, db_default=0)
    reversed_credits = models.DecimalField(
        _("reversed credits"), max_digits=12, decimal_places=2, default=Decimal(0), db_default=0
    )
    created_at = models.DateTimeField(_("created"))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    objects = scoped(PurchaseManager)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints = [
            models.CheckConstraint(condition=Q(credits__gt=0), name="purchase_buys_credits"),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="purchase_total_is_net_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(exemption="") | Q(tax_minor=0), name="purchase_exempt_has_no_tax"
            ),
            models.CheckConstraint(
                condition=Q(method="free", total_minor=0)
                | (~Q(method="free") & Q(total_minor__gt=0)),
                name="purchase_costs_something_unless_free",
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100),
                name="purchase_discount_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(method="gateway") ^ Q(charge__isnull=True),
                name="purchase_by_gateway_has_its_charge",
            ),
            models.CheckConstraint(
                condition=Q(method="bill") ^ Q(bill_item__isnull=True),
                name="purchase_on_the_bill_has_its_item",
            ),
            models.CheckConstraint(
                condition=(
                    Q(method="free", claim_number__gte=1, period_start__isnull=False)
                    & Q(assignment__isnull=False)
                )
                | (~Q(method="free") & Q(claim_number__isnull=True)),
                name="purchase_for_free_is_a_claim",
            ),
            models.UniqueConstraint(
                fields=["customer", "period_start", "claim_number"],
                name="purchase_claim_once_per_number",
            ),
            models.CheckConstraint(
                condition=Q(state="completed") ^ Q(accrual__isnull=True),
                name="purchase_completed_has_its_credits",
            ),
            models.CheckConstraint(
                condition=Q(state="completed", method="gateway") ^ Q(receipt__isnull=True),
                name="purchase_paid_at_a_gateway_has_its_receipt",
            ),
            models.CheckConstraint(
                condition=Q(state="completed") ^ Q(completed_at__isnull=True),
                name="purchase_completed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_minor__gte=0, taken_back_minor__lte=F("total_minor")),
                name="purchase_taken_back_up_to_its_total",
            ),
            models.CheckConstraint(
                condition=Q(reversed_credits__gte=0, reversed_credits__lte=F("credits")),
                name="purchase_reversed_up_to_its_credits",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="purchase_by_customer"),
            models.Index(
                fields=["created_at"], name="purchase_pending", condition=Q(state="pending")
            ),
            models.Index(
                fields=["location", "completed_at"],
                name="purchase_claimed_free",
                condition=Q(method="free"),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="purchase_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="purchase_state_moves_forward",
                field="state",
                transitions=PURCHASE_TRANSITIONS,
            ),
            told_outside(
                "purchase",
                """CASE WHEN NEW.state = 'completed'
         AND (TG_OP = 'INSERT' OR OLD.state <> 'completed') THEN 'purchase.completed' END""",
                pgtrigger.Insert | pgtrigger.Update,
            ),
            no_truncate("purchase"),
        ]

    def __str__(self) -> str:
        return f"{self.credits} {self.state}"

    @property
    def tax(self) -> Tax:
        return Tax(
            name=self.tax_name,
            percent=self.tax_percent,
            included=self.tax_included,
            exemption=self.exemption,
        )

    @property
    def amount(self) -> TaxedAmount:
        return TaxedAmount(net_minor=self.net_minor, tax_minor=self.tax_minor)
