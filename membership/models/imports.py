from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Location, User
from community.scoping import scoped


class MemberImport(models.Model):
    """An uploaded table of members: checked first, then brought in whole or not at all."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Checked")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    location = models.ForeignKey(Location, models.PROTECT)
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(_("content"))
    digest = models.CharField(_("digest"), max_length=64)
    columns = models.JSONField(_("columns"), default=dict)
    send_invitations = models.BooleanField(_("send invitations"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.UPLOADED)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    errors = models.JSONField(_("errors"), default=list)
    summary = models.JSONField(_("summary"), default=dict)
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = scoped(models.Manager["MemberImport"])

    class Meta:
        verbose_name = _("import of members")
        verbose_name_plural = _("imports of members")
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_done__lte=models.F("rows_total")),
                name="import_does_no_more_rows_than_it_has",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
