from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.models import Company, Location, User
from community.scoping import scoped


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Neither used nor revoked; an expired one is still open, to be sent again."""
        return self.filter(accepted_at=None, revoked_at=None)


InvitationManager = models.Manager.from_queryset(InvitationQuerySet)


class Invitation(models.Model):
    """A single-use link that lets whoever holds the email address in, as member or in the team."""

    class Kind(models.TextChoices):
        MEMBER = "member", _("Member")
        STAFF = "staff", _("Staff")
        ADMIN = "admin", _("Admin")

    location = models.ForeignKey(Location, models.PROTECT, related_name="invitations")
    kind = models.CharField(_("as"), max_length=8, choices=Kind)
    email = models.EmailField(_("email"), max_length=254)
    name = models.CharField(_("name"), max_length=150, blank=True, default="")
    token_hash = models.CharField(_("hash"), max_length=64, unique=True)
    company = models.ForeignKey(
        Company, models.PROTECT, related_name="invitations", null=True, blank=True
    )
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = scoped(InvitationManager)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                "location",
                Lower("email"),
                "kind",
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once_per_email",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_not_both_accepted_and_revoked",
            ),
            models.CheckConstraint(
                condition=Q(company__isnull=True) | Q(kind="member"),
                name="invitation_to_a_company_is_for_a_member",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["member", "staff", "admin"]),
                name="invitation_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class JoinRequestQuerySet(models.QuerySet["JoinRequest"]):
    def open(self) -> "JoinRequestQuerySet":
        return self.filter(state=JoinRequest.State.OPEN).order_by("pk")


JoinRequestManager = models.Manager.from_queryset(JoinRequestQuerySet)


class JoinRequest(models.Model):
    """A signed-in stranger asks to join; an admin accepts or declines, and both are told."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    location = models.ForeignKey(Location, models.PROTECT, related_name="join_requests")
    user = models.ForeignKey(User, models.PROTECT, related_name="join_requests")
    message = models.CharField(_("message"), max_length=500, blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("created"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)

    objects = scoped(JoinRequestManager)

    class Meta:
        verbose_name = _("request to join")
        verbose_name_plural = _("requests to join")
        constraints = [
            models.UniqueConstraint(
                "location", "user", condition=Q(state="open"), name="join_request_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open") ^ Q(answered_at__isnull=False),
                name="join_request_answered_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.state}"
