from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.locations import Location
from community.models.users import User
from community.principals import Principal
from community.scoping import scoped


class MemberQuerySet(models.QuerySet["Member"]):
    def visible_to(self, principal: Principal) -> "MemberQuerySet":
        """Staff see every member of their location, a member sees themself."""
        if principal.is_staff:
            return self.filter(location_id=principal.location_id)
        return self.filter(location_id=principal.location_id, user_id=principal.user_id)

    def search(self, words: str) -> "MemberQuerySet":
        found = self
        for word in words.split():
            found = found.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
        return found


MemberManager = models.Manager.from_queryset(MemberQuerySet)


class Member(models.Model):
    """A user's membership of one location."""

    class State(models.TextChoices):
        INVITED = "invited", _("Invited")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left")

    location = models.ForeignKey(Location, models.PROTECT, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    joined_at = models.DateTimeField(_("joined"))

    objects = scoped(MemberManager)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint("location", "user", name="member_once_per_location"),
            models.CheckConstraint(
                condition=Q(state__in=["invited", "active", "suspended", "left"]),
                name="member_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)
