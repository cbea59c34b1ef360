from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models.locations import Location
from community.models.members import Member
from community.principals import Principal
from community.scoping import scoped


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, principal: Principal) -> "CustomerQuerySet":
        """Staff see every customer of their location, a member sees their own."""
        if principal.is_staff:
            return self.filter(location_id=principal.location_id)
        return self.filter(location_id=principal.location_id, member__user_id=principal.user_id)


CustomerManager = models.Manager.from_queryset(CustomerQuerySet)


class Customer(models.Model):
    """Whoever holds credits, receives documents and pays: one per member."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="customers")
    member = models.OneToOneField(Member, models.PROTECT, related_name="customer")

    objects = scoped(CustomerManager)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return str(self.member)

    @property
    def name(self) -> str:
        return self.member.user.name

    @property
    def email(self) -> str:
        return self.member.user.email
