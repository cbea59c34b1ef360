from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.locations import Location
from community.models.users import User


class Role(models.Model):
    """What a user may do for a location: run it (admin) or help there (staff)."""

    class Kind(models.TextChoices):
        ADMIN = "admin", _("Admin")
        STAFF = "staff", _("Staff")

    # Unscoped: a sign-in asks for the roles of a user before there is a location.
    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    location = models.ForeignKey(Location, models.CASCADE, related_name="roles")
    kind = models.CharField(_("role"), max_length=8, choices=Kind)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint("user", "location", name="role_once_per_user_and_location"),
            models.CheckConstraint(
                condition=Q(kind__in=["admin", "staff"]), name="role_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_kind_display()}"
