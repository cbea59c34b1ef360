import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.bills import Bill
from billing.models.credit_notes import CreditNote
from billing.models.receipts import Receipt
from community.models import Location, User
from community.scoping import scoped
from community.triggers import no_truncate

Document = Bill | CreditNote | Receipt


class DocumentMailQuerySet(models.QuerySet["DocumentMail"]):
    def owed(self) -> "DocumentMailQuerySet":
        return self.filter(state=DocumentMail.State.OWED)

    def with_documents(self) -> "DocumentMailQuerySet":
        """With all that sending it says."""
        return self.select_related(
            "location",
            *(
                f"{name}__customer__{whose}"
                for name in ("bill", "receipt", "credit_note")
                for whose in ("member__user", "company", "billing_details")
            ),
            "credit_note__bill",
            "credit_note__receipt",
            "credit_note__cancels",
        )

    def newest_first(self) -> "DocumentMailQuerySet":
        return self.order_by("-pk")


DocumentMailManager = models.Manager.from_queryset(DocumentMailQuerySet)


class DocumentMail(models.Model):
    """A mail about a document, owed since the transaction that left it here."""

    class Kind(models.TextChoices):
        ISSUED = "issued", _("Issued")
        REMINDER = "reminder", _("Reminder")
        RESENT = "resent", _("Sent again")
        UNPAID = "unpaid", _("Could not be paid by itself")

    class State(models.TextChoices):
        OWED = "owed", _("To be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Could not be sent")
        DROPPED = "dropped", _("Needed no longer")

    location = models.ForeignKey(Location, models.PROTECT)
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="mails", null=True, blank=True)
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, related_name="mails", null=True, blank=True
    )
    credit_note = models.ForeignKey(
        CreditNote, models.PROTECT, related_name="mails", null=True, blank=True
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    days = models.PositiveSmallIntegerField(
        _("days after due"), null=True, blank=True, help_text="Of a reminder."
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OWED)
    created_at = models.DateTimeField(_("created"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    next_try_at = models.DateTimeField(_("next try"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    sent_to = ArrayField(
        models.EmailField(max_length=254),
        verbose_name=_("sent to"),
        default=list,
        db_default=[],
        blank=True,
    )
    trouble = models.CharField(_("trouble"), max_length=200, blank=True, default="", db_default="")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)

    objects = scoped(DocumentMailManager)

    class Meta:
        verbose_name = _("mail of a document")
        verbose_name_plural = _("mails of documents")
        constraints = [
            models.CheckConstraint(
                condition=Q(bill__isnull=False, receipt__isnull=True, credit_note__isnull=True)
                | Q(bill__isnull=True, receipt__isnull=False, credit_note__isnull=True)
                | Q(bill__isnull=True, receipt__isnull=True, credit_note__isnull=False),
                name="mail_is_of_one_document",
            ),
            models.UniqueConstraint(
                *("bill", "receipt", "credit_note"),
                condition=Q(kind="issued"),
                nulls_distinct=False,
                name="mail_of_issuing_is_owed_once",
            ),
            models.UniqueConstraint(
                *("bill", "days"),
                condition=Q(kind="reminder"),
                name="mail_reminds_once_per_bill_and_day",
            ),
            models.UniqueConstraint(
                *("bill", "receipt", "credit_note"),
                condition=Q(kind="resent", state="owed"),
                nulls_distinct=False,
                name="mail_sent_again_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="reminder", bill__isnull=False, days__isnull=False, days__gt=0)
                | Q(kind__in=["issued", "resent", "unpaid"], days__isnull=True),
                name="mail_that_reminds_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | Q(state__in=["owed", "failed", "dropped"], sent_at__isnull=True),
                name="mail_sent_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="mail_to_be_sent", condition=Q(state="owed")),
        ]
        triggers = [
            pgtrigger.Protect(name="document_mail_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="document_mail_ended_stays",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="owed"),
            ),
            no_truncate("document_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.get_kind_display()}"

    @property
    def about(self) -> str:
        """The kind of its document."""
        return "bill" if self.bill else "receipt" if self.receipt else "credit_note"

    @property
    def document(self) -> Document:
        document = self.bill or self.receipt or self.credit_note
        assert document
        return document
