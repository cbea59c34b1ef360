from django import forms
from django.conf import settings
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from community.forms.searching import SearchForm
from community.models import Member, User


class ThemeForm(forms.Form):
    theme = forms.TypedChoiceField(choices=User.Theme.choices, coerce=User.Theme)


class ProfileForm(forms.Form):
    """How a person is called and how they read times and words."""

    name = forms.CharField(
        label=_("Name"), max_length=150, validators=[ProhibitNullCharactersValidator()]
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser asks")), *settings.LANGUAGES],
    )
    time_format = forms.ChoiceField(
        label=_("Time format"), required=False, choices=User.TimeFormat.choices
    )


class MemberFilter(SearchForm):
    """Which members to list: those that match the words and are in the state."""

    state = forms.ChoiceField(
        required=False,
        choices=[("", _("All states")), *Member.State.choices],
        widget=forms.Select(attrs={"aria-label": _("State")}),
    )

    @property
    def state_name(self) -> str:
        return str(Member.State(self.chosen_state).label) if self.chosen_state else ""
