from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models.api import ApiKey
from community.models.locations import Location
from community.models.users import User
from community.scoping import scoped
from community.triggers import append_only


class AuditRecord(models.Model):
    """Who changed what and why, written in the transaction of the change.

    What software did names its key, and as the user whoever made that.
    """

    location = models.ForeignKey(Location, models.PROTECT)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="+")
    action = models.CharField(_("action"), max_length=50)
    subject = models.CharField(_("subject"), max_length=100)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)
    happened_at = models.DateTimeField(_("happened"))

    objects = scoped(models.Manager["AuditRecord"])

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        indexes = [
            models.Index(fields=["location", "-id"], name="audit_by_location"),
            models.Index(fields=["location", "subject", "-id"], name="audit_by_subject"),
        ]
        triggers = append_only("audit_record")

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
