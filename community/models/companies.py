from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.models.locations import Location
from community.models.members import Member
from community.principals import Principal
from community.scoping import scoped

if TYPE_CHECKING:
    from community.models.customers import Customer


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, principal: Principal) -> "CompanyQuerySet":
        """Staff see every company of their location, a member those they belong to."""
        if principal.is_staff:
            return self.filter(location_id=principal.location_id)
        return self.filter(
            location_id=principal.location_id,
            pk__in=[standing.company_id for standing in principal.companies],
        )

    def search(self, words: str) -> "CompanyQuerySet":
        found = self
        for word in words.split():
            found = found.filter(name__icontains=word)
        return found


CompanyManager = models.Manager.from_queryset(CompanyQuerySet)


class Company(models.Model):
    """A firm whose members share credits, cards and a bill at one location."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    location = models.ForeignKey(Location, models.PROTECT, related_name="companies")
    name = models.CharField(_("name"), max_length=150)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("created"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = scoped(CompanyManager)

    if TYPE_CHECKING:
        customer: "Customer"

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            models.UniqueConstraint("location", Lower("name"), name="company_name_once"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "closed"]), name="company_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="closed") ^ Q(closed_at__isnull=True),
                name="company_closed_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == Company.State.OPEN


# Once a company has a manager it keeps one while it is open, whoever changes the rows.
KEEPS_A_MANAGER = """
IF OLD.role = 'manager' AND NOT EXISTS (
    SELECT 1 FROM community_companymember
    WHERE company_id = OLD.company_id AND role = 'manager'
) AND EXISTS (
    SELECT 1 FROM community_company WHERE id = OLD.company_id AND state = 'open'
) THEN
    RAISE EXCEPTION 'company_keeps_a_manager' USING ERRCODE = 'check_violation';
END IF;
RETURN NULL;
"""


class CompanyMemberQuerySet(models.QuerySet["CompanyMember"]):
    def managers(self) -> "CompanyMemberQuerySet":
        return self.filter(role=CompanyMember.Role.MANAGER)

    def by_name(self) -> "CompanyMemberQuerySet":
        """With the people, managers first."""
        return self.select_related("member__user").order_by("role", "member__user__name", "pk")


CompanyMemberManager = models.Manager.from_queryset(CompanyMemberQuerySet)


class CompanyMember(models.Model):
    """A member's place in a company, and what of its money they may use."""

    class Role(models.TextChoices):
        MANAGER = "manager", _("Manager")
        MEMBER = "member", _("Member")

    location = models.ForeignKey(Location, models.PROTECT)
    company = models.ForeignKey(Company, models.PROTECT, related_name="people")
    member = models.ForeignKey(Member, models.PROTECT, related_name="company_places")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    may_use_card = models.BooleanField(_("may use the company card"), default=False)
    may_use_bill = models.BooleanField(_("may use the company bill"), default=False)
    joined_at = models.DateTimeField(_("joined"))

    objects = scoped(CompanyMemberManager)

    class Meta:
        verbose_name = _("company member")
        verbose_name_plural = _("company members")
        constraints = [
            models.UniqueConstraint("company", "member", name="company_member_once"),
            models.CheckConstraint(
                condition=Q(role__in=["manager", "member"]), name="company_role_is_known"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="company_keeps_a_manager",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                func=KEEPS_A_MANAGER,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.get_role_display()}"

    @property
    def is_manager(self) -> bool:
        return self.role == CompanyMember.Role.MANAGER
