from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.bills import Bill
from community.models import Location, User
from community.scoping import scoped
from community.triggers import append_only


class BillPayment(models.Model):
    """Money for a bill: from a gateway, or from outside, as an admin noted it down.

    What is taken back of it again has a row of its own, below 0.
    """

    class Method(models.TextChoices):
        TRANSFER = "transfer", _("Bank transfer")
        CASH = "cash", _("Cash")
        CARD = "card", _("Card terminal")
        OTHER = "other", _("Other")
        GATEWAY = "gateway", _("Online")

    location = models.ForeignKey(Location, models.PROTECT)
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="payments")
    position = models.PositiveSmallIntegerField(
        _("place among the bill's payments"), default=1, db_default=1
    )
    method = models.CharField(_("method"), max_length=10, choices=Method)
    reference = models.CharField(_("reference"), max_length=100, blank=True)
    paid_on = models.DateField(_("paid on"))
    amount_minor = models.BigIntegerField(_("amount, minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))

    objects = scoped(models.Manager["BillPayment"])

    class Meta:
        verbose_name = _("payment of a bill")
        verbose_name_plural = _("payments of bills")
        constraints = [
            models.UniqueConstraint("bill", "position", name="bill_payment_has_one_place"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) | Q(amount_minor__lt=0, method="gateway"),
                name="bill_payment_moves_money",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["transfer", "cash", "card", "other", "gateway"]),
                name="bill_payment_method_is_known",
            ),
        ]
        indexes = [models.Index(fields=["location", "paid_on"], name="bill_payment_by_day")]
        triggers = append_only("bill_payment")

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.paid_on}"
