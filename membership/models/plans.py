from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat, Lower
from django.utils.translation import gettext_lazy as _

from billing.models import Bill
from community.models import Customer, Location, User
from community.scoping import scoped
from community.triggers import no_truncate


class PlanQuerySet(models.QuerySet["Plan"]):
    def with_customers(self, day: date) -> "PlanQuerySet":
        """With how many members and companies have it on a day."""
        running = Q(assignments__starts_on__lte=day) & (
            Q(assignments__ends_on=None) | Q(assignments__ends_on__gt=day)
        )
        return self.annotate(customers=Count("assignments", filter=running))

    def on_offer(self) -> "PlanQuerySet":
        return self.filter(archived_at=None).order_by("name", "pk")

    def archived(self) -> "PlanQuerySet":
        return self.exclude(archived_at=None).order_by("-archived_at", "pk")


PlanManager = models.Manager.from_queryset(PlanQuerySet)


class Plan(models.Model):
    """What a customer pays a month, and what that brings: a discount, credits, free claims."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="plans")
    name = models.CharField(_("name"), max_length=80)
    price_minor = models.BigIntegerField(_("price per month, minor units"), default=0)
    discount_percent = models.DecimalField(
        _("discount on credits, percent"), max_digits=5, decimal_places=2, default=Decimal(0)
    )
    monthly_credits = models.DecimalField(
        _("monthly credits"), max_digits=12, decimal_places=2, default=Decimal(0)
    )
    free_claims = models.PositiveSmallIntegerField(
        _("free claims per period"), null=True, blank=True, help_text=_("Empty: without limit.")
    )
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = scoped(PlanManager)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(
                "location", Lower("name"), condition=Q(archived_at=None), name="plan_on_offer_once"
            ),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="plan_price_not_negative"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100),
                name="plan_discount_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(monthly_credits__gte=0), name="plan_credits_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(free_claims=None) | Q(free_claims__gte=1, discount_percent=100),
                name="plan_limits_claims_of_what_is_free",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class PlanAssignmentQuerySet(models.QuerySet["PlanAssignment"]):
    def on(self, day: date) -> "PlanAssignmentQuerySet":
        """Those that cover a day of the location's calendar."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def from_day(self, day: date) -> "PlanAssignmentQuerySet":
        """The current and the coming ones, in order."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day)).order_by("starts_on")

    def with_billed(self) -> "PlanAssignmentQuerySet":
        """With whether any period of it has a bill: every one that began has."""
        own_key = Concat(
            Value("period:"),
            Cast(OuterRef("pk"), models.CharField()),
            Value(":"),
            output_field=models.CharField(),
        )
        bills = Bill.objects.filter(customer=OuterRef("customer"), key__startswith=own_key)
        known: PlanAssignmentQuerySet = self.annotate(billed=Exists(bills))
        return known


PlanAssignmentManager = models.Manager.from_queryset(PlanAssignmentQuerySet)


class PlanAssignment(models.Model):
    """A customer has a plan from a day on, until a day. The rows are its history."""

    class BillFor(models.TextChoices):
        MANAGERS = "managers", _("Managers")
        EVERYONE = "everyone", _("Managers and members")

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="assignments")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="assignments")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(
        _("end"), null=True, blank=True, help_text="The first day without the plan."
    )
    bill_enabled = models.BooleanField(_("payment by bill"), default=False)
    bill_for = models.CharField(
        _("who may use the bill"), max_length=10, choices=BillFor, default=BillFor.MANAGERS
    )
    assigned_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    assigned_at = models.DateTimeField(_("assigned"))

    objects = scoped(PlanAssignmentManager)

    if TYPE_CHECKING:
        customer_id: int
        plan_id: int

    class Meta:
        verbose_name = _("plan assignment")
        verbose_name_plural = _("plan assignments")
        constraints = [
            ExclusionConstraint(
                name="assignment_one_plan_at_a_time",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (DateRange(F("starts_on"), F("ends_on")), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="assignment_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(bill_for__in=["managers", "everyone"]),
                name="assignment_bill_is_for_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="assignment_never_deleted", operation=pgtrigger.Delete),
            no_truncate("assignment"),
        ]

    def __str__(self) -> str:
        return f"{self.plan} from {self.starts_on}"

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)

    @property
    def last_day(self) -> date | None:
        """The last day with the plan, as pages name its end; ended on its first day, that one."""
        return max(self.ends_on - timedelta(days=1), self.starts_on) if self.ends_on else None

    @property
    def never_began(self) -> bool:
        """Withdrawn before its first day; one that ended on it is told apart by `with_billed`."""
        return self.ends_on == self.starts_on and not getattr(self, "billed", False)
