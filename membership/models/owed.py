from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.scoping import scoped
from community.triggers import changes, no_truncate
from membership.models.purchases import Purchase
from payments.models import Transaction


class OwedCreditsQuerySet(models.QuerySet["OwedCredits"]):
    def open(self) -> "OwedCreditsQuerySet":
        return self.filter(state=OwedCredits.State.OPEN)

    def open_first(self) -> "OwedCreditsQuerySet":
        return self.order_by(F("closed_at").desc(nulls_first=True), "-pk")

    def with_what_it_is_about(self) -> "OwedCreditsQuerySet":
        """With all that a row of a list says."""
        return self.select_related(
            "taking",
            "purchase__bought_by__user",
            "purchase__customer__member__user",
            "purchase__customer__company",
            "closed_by",
        )


OwedCreditsManager = models.Manager.from_queryset(OwedCreditsQuerySet)


class OwedCredits(models.Model):
    """Credits whose money was taken back after they were gone: a person settles or waives them.

    What leaves a bill after it was used is waived by whoever takes it off, and has no taking.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SETTLED = "settled", _("Settled")
        WAIVED = "waived", _("Waived")
        LIFTED = "lifted", _("Owed no longer")

    location = models.ForeignKey(Location, models.PROTECT)
    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="owed")
    taking = models.OneToOneField(
        Transaction, models.PROTECT, null=True, blank=True, related_name="owed"
    )
    credits = models.DecimalField(_("credits"), max_digits=12, decimal_places=2)
    lifted = models.DecimalField(
        _("owed no longer"),
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        help_text="Since the money came back.",
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    noticed_at = models.DateTimeField(_("noticed"))
    note = models.CharField(_("why"), max_length=200, blank=True, default="")
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = scoped(OwedCreditsManager)

    class Meta:
        verbose_name = _("owed credits")
        verbose_name_plural = _("owed credits")
        constraints = [
            models.CheckConstraint(condition=Q(credits__gt=0), name="owed_credits_are_some"),
            models.CheckConstraint(
                condition=Q(lifted__gte=0, lifted__lte=F("credits")),
                name="owed_credits_lifted_up_to_all",
            ),
            models.CheckConstraint(
                condition=Q(state="open", lifted__lt=F("credits"))
                | Q(state="lifted", lifted=F("credits"))
                | Q(state__in=["settled", "waived"]),
                name="owed_credits_open_until_lifted",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["settled", "waived"])
                    & Q(closed_at__isnull=False, closed_by__isnull=False)
                    & ~Q(note="")
                )
                | Q(state__in=["open", "lifted"], closed_by__isnull=True, note=""),
                name="owed_credits_closed_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(taking__isnull=False) | Q(state="waived"),
                name="owed_credits_off_a_bill_are_waived",
            ),
        ]
        indexes = [
            models.Index(fields=["location", "-id"], name="owed_open", condition=Q(state="open")),
        ]
        triggers = [
            pgtrigger.Protect(name="owed_credits_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="owed_credits_closed_stay",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="open")
                & changes("state", "note", "closed_by", "closed_at", "credits", "purchase"),
            ),
            no_truncate("owed_credits"),
        ]

    def __str__(self) -> str:
        return f"{self.left} {self.state}"

    @property
    def left(self) -> Decimal:
        return self.credits - self.lifted
