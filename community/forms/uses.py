from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from community.forms.fields import CreditsField, PlainTextField
from community.forms.settings import SettingsForm
from credits.models import CreditUse
from credits.services.uses import USE

ICONS = [
    ("coins", _("Coins")),
    ("lamp-desk", _("Desk")),
    ("door-open", _("Room")),
    ("presentation", _("Meeting")),
    ("calendar-days", _("Event")),
    ("phone-call", _("Phone booth")),
    ("printer", _("Printer")),
    ("coffee", _("Coffee")),
    ("lock-keyhole", _("Locker")),
    ("square-parking", _("Parking")),
    ("monitor", _("Screen")),
    ("users-round", _("Guests")),
]


class UseForm(SettingsForm):
    """One thing that credits are good for, as members read it."""

    names = USE
    ids = "id_use_%s"  # it stands in a dialog beside the location's own form

    name = PlainTextField(
        label=_("What for"), max_length=80, help_text=_("Like: Meeting room, one hour")
    )
    credits = CreditsField(label=_("Credits"))
    icon = forms.ChoiceField(label=_("Symbol"), choices=ICONS, initial="coins")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, row: CreditUse | None = None
    ) -> None:
        super().__init__(data, row=row)
        if row and row.icon not in dict(ICONS):
            choices: Any = self.fields["icon"]
            choices.choices = [*ICONS, (row.icon, row.icon)]
