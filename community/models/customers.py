from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.companies import Company
from community.models.locations import Location
from community.models.members import Member
from community.principals import Principal
from community.scoping import scoped


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, principal: Principal) -> "CustomerQuerySet":
        """Staff see every customer of their location; others themself and their companies."""
        if principal.is_staff:
            return self.filter(location_id=principal.location_id)
        return self.filter(
            location_id=principal.location_id, pk__in=principal.customer_ids_to_look_at
        )

    def search(self, words: str) -> "CustomerQuerySet":
        """Those who have each of the words in their name or address."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(company__name__icontains=word)
                | Q(member__user__name__icontains=word)
                | Q(member__user__email__icontains=word)
            )
        return found

    def with_who(self) -> "CustomerQuerySet":
        """With all that its name and address come from."""
        return self.select_related("member__user", "company")


CustomerManager = models.Manager.from_queryset(CustomerQuerySet)


class Customer(models.Model):
    """Whoever holds credits, receives documents and pays: one per member, one per company."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="customers")
    member = models.OneToOneField(
        Member, models.PROTECT, related_name="customer", null=True, blank=True
    )
    company = models.OneToOneField(
        Company, models.PROTECT, related_name="customer", null=True, blank=True
    )

    objects = scoped(CustomerManager)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                condition=Q(member__isnull=True) ^ Q(company__isnull=True),
                name="customer_is_a_member_or_a_company",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        if self.company:
            return self.company.name
        assert self.member
        return self.member.user.name

    @property
    def company_name(self) -> str:
        """Of a company; a person has none."""
        return self.company.name if self.company else ""

    @property
    def keeps_cards(self) -> bool:
        """Whether they have a page where a card of theirs could be removed again."""
        if self.company:
            return self.company.is_open
        return self.member is not None and self.member.state != Member.State.LEFT

    @property
    def email(self) -> str:
        """Of the person; a company has its managers'."""
        return self.member.user.email if self.member else ""
