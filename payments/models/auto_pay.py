from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, User
from community.scoping import scoped
from payments.models.cards import Card


class AutoPay(models.Model):
    """A customer's wish that their bills are paid by a card of theirs as they are issued."""

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.OneToOneField(Customer, models.PROTECT, related_name="auto_pay")
    card = models.ForeignKey(Card, models.PROTECT)
    chosen_by = models.ForeignKey(User, models.PROTECT)
    chosen_at = models.DateTimeField(_("chosen"))

    objects = scoped(models.Manager["AutoPay"])

    class Meta:
        verbose_name = _("auto-pay")
        verbose_name_plural = _("auto-pay")

    def __str__(self) -> str:
        return f"{self.customer}: {self.card}"
