from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.scoping import scoped
from payments.models.transactions import Transaction


class ReviewCaseQuerySet(models.QuerySet["ReviewCase"]):
    def open(self) -> "ReviewCaseQuerySet":
        return self.filter(closed_at=None)

    def open_first(self) -> "ReviewCaseQuerySet":
        return self.order_by(F("closed_at").desc(nulls_first=True), "-pk")

    def with_what_it_is_about(self) -> "ReviewCaseQuerySet":
        """With all that a row of a list says; and whether its refund or dispute fitted later."""
        followed = Transaction.objects.filter(
            charge=OuterRef("charge"),
            reference=OuterRef("about"),
            created_at__gte=OuterRef("noticed_at"),
        )
        return self.annotate(is_followed=Exists(followed)).select_related(
            "charge__bill",
            "charge__purchase",
            "charge__made_by",
            "charge__customer__member__user",
            "charge__customer__company",
            "closed_by",
        )


ReviewCaseManager = models.Manager.from_queryset(ReviewCaseQuerySet)


class ReviewCase(models.Model):
    """Money that only a person can say what to do about."""

    class Reason(models.TextChoices):
        SURPLUS = "surplus", _("Not what was to pay")
        AMOUNT = "amount", _("Another amount")
        MISMATCH = "mismatch", _("Not what was asked for")
        TAKEN_BACK = "taken_back", _("A refund or dispute that doesn't fit")

    location = models.ForeignKey(Location, models.PROTECT)
    charge = models.ForeignKey(Transaction, models.PROTECT, related_name="reviews")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    # Of a refund or dispute: its reference. A charge may have several.
    about = models.CharField(_("about"), max_length=80, blank=True, default="")
    received_minor = models.BigIntegerField(
        _("received, minor units"), null=True, blank=True, help_text="Where it is another amount."
    )
    # Of a mismatch: what was asked for, and what the gateway said, when it was noticed.
    expected = models.JSONField(_("asked for"), default=dict, blank=True)
    reported = models.JSONField(_("reported"), default=dict, blank=True)
    noticed_at = models.DateTimeField(_("noticed"))
    note = models.CharField(_("what was done"), max_length=200, blank=True, default="")
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = scoped(ReviewCaseManager)

    class Meta:
        verbose_name = _("review case")
        verbose_name_plural = _("review cases")
        constraints = [
            models.UniqueConstraint(
                "charge", "reason", "about", name="review_once_per_charge_and_reason"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["surplus", "amount", "mismatch", "taken_back"]),
                name="review_reason_is_known",
            ),
            models.CheckConstraint(
                condition=Q(reason="amount") ^ Q(received_minor__isnull=True),
                name="review_of_another_amount_says_which",
            ),
            models.CheckConstraint(
                condition=~Q(reason__in=["mismatch", "taken_back"])
                | ~Q(expected={}) & ~Q(reported={}),
                name="review_of_a_mismatch_says_what_differs",
            ),
            models.CheckConstraint(
                condition=(Q(closed_at__isnull=True) & Q(closed_by__isnull=True) & Q(note=""))
                | (Q(closed_at__isnull=False) & Q(closed_by__isnull=False) & ~Q(note="")),
                name="review_closed_says_by_whom_and_how",
            ),
        ]
        indexes = [
            models.Index(
                fields=["location", "-id"], name="review_open", condition=Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.charge}"

    @property
    def is_mismatch(self) -> bool:
        return self.reason == self.Reason.MISMATCH

    @property
    def is_undecided(self) -> bool:
        """Whether its charge stays pending until somebody settles or fails it."""
        return self.is_mismatch and self.charge.state == Transaction.State.PENDING
