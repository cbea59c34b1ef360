from community.forms.fields import PlainDecimalField
from community.forms.options import MoveForm, OptionForm
from community.forms.people import MemberFilter, ProfileForm, ThemeForm

__all__ = [
    "MemberFilter",
    "MoveForm",
    "OptionForm",
    "PlainDecimalField",
    "ProfileForm",
    "ThemeForm",
]
