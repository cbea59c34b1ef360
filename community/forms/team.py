from django import forms
from django.utils.translation import gettext_lazy as _

from community.models import Role

ROLES = [
    (Role.Kind.STAFF, _("Staff: sees the Community pages, changes no settings or prices")),
    (Role.Kind.ADMIN, _("Admin: runs the location with all its settings")),
]


class RoleForm(forms.Form):
    kind = forms.TypedChoiceField(
        label=_("Role"),
        choices=ROLES,
        coerce=Role.Kind,
        initial=Role.Kind.STAFF,
        widget=forms.RadioSelect,
    )


class InviteToTeamForm(RoleForm):
    email = forms.EmailField(
        label=_("Email"), max_length=254, help_text=_("The link works once, for this address.")
    )
    field_order = ["email", "kind"]
