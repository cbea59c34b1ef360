from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.bills import Bill, BillItem
from billing.models.receipts import Receipt, ReceiptLine
from community.models import Customer, Location, User
from community.scoping import OwnedQuerySet, scoped
from community.triggers import append_only


class CreditNoteQuerySet(OwnedQuerySet["CreditNote"]):
    pass


CreditNoteManager = models.Manager.from_queryset(CreditNoteQuerySet)


class CreditNote(models.Model):
    """The only correction of an issued bill or receipt: what is owed no longer, or paid back.

    One that cancels another says that what was paid back has returned, in negative amounts.
    """

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="credit_notes")
    bill = models.ForeignKey(
        Bill, models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    cancels = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="cancelled_by"
    )
    key = models.CharField(_("key"), max_length=80)
    sequence = models.PositiveIntegerField(_("place in the series"))
    number = models.CharField(_("number"), max_length=30)
    issued_at = models.DateTimeField(_("issued"))
    reason = models.CharField(_("reason"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    net_minor = models.BigIntegerField(_("net, minor units"))
    tax_minor = models.BigIntegerField(_("tax, minor units"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)

    objects = scoped(CreditNoteManager)

    if TYPE_CHECKING:
        bill_id: int | None
        location_id: int
        receipt_id: int | None

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.UniqueConstraint("location", "key", name="credit_note_once_per_key"),
            models.UniqueConstraint("location", "sequence", name="credit_note_has_its_own_number"),
            models.UniqueConstraint("location", "number", name="credit_note_number_is_unique"),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="credit_note_total_is_net_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(cancels__isnull=True, total_minor__gt=0)
                | Q(cancels__isnull=False, total_minor__lt=0),
                name="credit_note_credits_something",
            ),
            models.CheckConstraint(
                condition=Q(bill__isnull=True) ^ Q(receipt__isnull=True),
                name="credit_note_is_of_one_document",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="credit_note_has_a_reason"),
        ]
        triggers = append_only("credit_note")

    def __str__(self) -> str:
        return self.number

    @property
    def about(self) -> str:
        """The number of the document that it corrects."""
        document = self.bill or self.receipt
        assert document
        return document.number


class CreditNoteLine(models.Model):
    """What a credit note takes off one item; of one that cancels another, what it adds again."""

    credit_note = models.ForeignKey(CreditNote, models.PROTECT, related_name="lines")
    bill_item = models.ForeignKey(
        BillItem, models.PROTECT, null=True, blank=True, related_name="credits"
    )
    receipt_line = models.ForeignKey(
        ReceiptLine, models.PROTECT, null=True, blank=True, related_name="credits"
    )
    description = models.CharField(_("description"), max_length=200)
    net_minor = models.BigIntegerField(_("net, minor units"))
    tax_minor = models.BigIntegerField(_("tax, minor units"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    left_minor = models.BigIntegerField(_("left of the item, minor units"))
    tax_name = models.CharField(_("tax name"), max_length=30, blank=True)
    tax_percent = models.DecimalField(_("tax percent"), max_digits=5, decimal_places=2)
    exemption = models.CharField(_("why no tax is charged"), max_length=200, blank=True, default="")

    objects = scoped(models.Manager["CreditNoteLine"], location="credit_note__location")

    class Meta:
        verbose_name = _("credit note line")
        verbose_name_plural = _("credit note lines")
        constraints = [
            models.UniqueConstraint("credit_note", "bill_item", name="credit_note_line_per_item"),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="credit_note_line_total_is_net_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(exemption="") | Q(tax_minor=0),
                name="credit_note_line_exempt_has_no_tax",
            ),
            models.CheckConstraint(
                condition=Q(left_minor__gte=0) & ~Q(total_minor=0),
                name="credit_note_line_credits_what_is_left",
            ),
            models.CheckConstraint(
                condition=Q(bill_item__isnull=True) ^ Q(receipt_line__isnull=True),
                name="credit_note_line_is_of_one_document",
            ),
        ]
        triggers = append_only("credit_note_line")

    def __str__(self) -> str:
        return self.description
