from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, User
from community.scoping import scoped


class CardTryQuerySet(models.QuerySet["CardTry"]):
    def not_good(self, *, since: datetime) -> "CardTryQuerySet":
        return self.filter(was_good=False, tried_at__gt=since)


CardTryManager = models.Manager.from_queryset(CardTryQuerySet)


class CardTry(models.Model):
    """A card that somebody let the gateway look at. Until it was found good it counts as failed.

    Written before the gateway is asked, so that what nobody comes back from counts, too.
    """

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.ForeignKey(Customer, models.PROTECT)
    made_by = models.ForeignKey(User, models.PROTECT)
    key = models.CharField(_("what was tried"), max_length=120)
    setup_reference = models.CharField(_("setup"), max_length=80, blank=True, default="")
    was_good = models.BooleanField(_("was good"), default=False)
    tried_at = models.DateTimeField(_("tried"))

    objects = scoped(CardTryManager)

    if TYPE_CHECKING:
        location_id: int
        customer_id: int
        made_by_id: int

    class Meta:
        verbose_name = _("card try")
        verbose_name_plural = _("card tries")
        constraints = [
            models.UniqueConstraint("location", "key", name="card_try_once_per_key"),
        ]
        indexes = [
            models.Index(
                fields=["location", "tried_at"],
                name="card_try_not_good",
                condition=Q(was_good=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key
