from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models.users import User


class Export(models.Model):
    """A long list of the desk on its way into a file, which is its asker's alone for a day."""

    class Form(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    class Trouble(models.TextChoices):
        """Why there is no file."""

        TOO_MANY_ROWS = "too_many", _("An Excel sheet holds 1,048,576 rows. Take CSV.")
        NO_ACCESS = "no_access", _("You may not see this list any more.")
        BROKEN = "broken", _("Something went wrong. Ask for it again.")
        GIVEN_UP = "given_up", _("It was begun several times and never done. Narrow the list.")

    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    listing = models.CharField(_("list"), max_length=80, help_text=_("The model's label."))
    query = models.TextField(_("filters"), help_text=_("As in the list's address."))
    form = models.CharField(_("form"), max_length=4, choices=Form)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    trouble = models.CharField(_("trouble"), max_length=9, choices=Trouble, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    rows_by_place = models.JSONField(
        _("rows by location"), default=dict, help_text=_("By the location's id.")
    )
    size_bytes = models.PositiveBigIntegerField(_("size"), default=0)
    created_at = models.DateTimeField(_("created"))
    noted_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_done__lte=F("rows_total")),
                name="export_does_no_more_rows_than_it_has",
            ),
            models.UniqueConstraint(
                "asked_by",
                condition=Q(state__in=["waiting", "running"]),
                name="export_one_under_way_per_person",
            ),
            # One takes a worker for minutes; the others of its workers are for payments.
            models.UniqueConstraint(
                "state", condition=Q(state="running"), name="export_one_made_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="export_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") ^ Q(trouble=""), name="export_failed_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.listing} {self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.state in {self.State.WAITING, self.State.RUNNING}


class ExportPart(models.Model):
    """A piece of an export's file: kept here, where the processes of all machines reach it."""

    export = models.ForeignKey(Export, models.PROTECT, related_name="parts")
    position = models.PositiveIntegerField(_("position"))
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("part of an export")
        verbose_name_plural = _("parts of exports")
        constraints = [
            models.UniqueConstraint("export", "position", name="export_part_has_one_place"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id}:{self.position}"
