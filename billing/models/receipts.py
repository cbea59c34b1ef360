from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location
from community.scoping import OwnedQuerySet, scoped
from community.triggers import append_only


class DocumentCounter(models.Model):
    """The last number given to a kind of document. Its row lock makes the series gapless."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        BILL = "bill", _("Bill")
        CREDIT_NOTE = "credit_note", _("Credit note")

    location = models.ForeignKey(Location, models.PROTECT)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    last_number = models.PositiveIntegerField(_("last number"))

    objects = scoped(models.Manager["DocumentCounter"])

    class Meta:
        verbose_name = _("document counter")
        verbose_name_plural = _("document counters")
        constraints = [
            models.UniqueConstraint("location", "kind", name="counter_once_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.last_number}"


class ReceiptQuerySet(OwnedQuerySet["Receipt"]):
    pass


ReceiptManager = models.Manager.from_queryset(ReceiptQuerySet)


class Receipt(models.Model):
    """The document of a gateway purchase, with seller and buyer as they were."""

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="receipts")
    sequence = models.PositiveIntegerField(_("place in the series"))
    number = models.CharField(_("number"), max_length=30)
    issued_at = models.DateTimeField(_("issued"))
    paid_at = models.DateTimeField(_("paid"))
    paid_with = models.CharField(_("paid with"), max_length=60)
    currency = models.CharField(_("currency"), max_length=3)
    net_minor = models.BigIntegerField(_("net, minor units"))
    tax_minor = models.BigIntegerField(_("tax, minor units"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))

    objects = scoped(ReceiptManager)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint("location", "sequence", name="receipt_has_its_own_number"),
            models.UniqueConstraint("location", "number", name="receipt_number_is_unique"),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="receipt_total_is_net_and_tax",
            ),
        ]
        triggers = append_only("receipt")

    def __str__(self) -> str:
        return self.number


class ReceiptLine(models.Model):
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="lines")
    description = models.CharField(_("description"), max_length=120)
    net_minor = models.BigIntegerField(_("net, minor units"))
    tax_minor = models.BigIntegerField(_("tax, minor units"))
    total_minor = models.BigIntegerField(_("total, minor units"))
    tax_name = models.CharField(_("tax name"), max_length=30, blank=True)
    tax_percent = models.DecimalField(_("tax percent"), max_digits=5, decimal_places=2)
    exemption = models.CharField(_("why no tax is charged"), max_length=200, blank=True, default="")

    objects = scoped(models.Manager["ReceiptLine"], location="receipt__location")

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        constraints = [
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")),
                name="receipt_line_total_is_net_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(exemption="") | Q(tax_minor=0), name="receipt_line_exempt_has_no_tax"
            ),
        ]
        triggers = append_only("receipt_line")

    def __str__(self) -> str:
        return self.description
