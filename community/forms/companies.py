"""What is asked of a company and of the people in it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.forms.fields import PlainTextField
from community.forms.searching import SearchForm
from community.models import Company, CompanyMember, Member

SUGGESTED = 100  # more names than that are found by typing, not by scrolling


class MemberField(forms.CharField):
    """A member, found by email or by a name that only one has. `suggested` helps to type it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)
        self.among: QuerySet[Member] = Member.objects.none()

    def clean(self, value: object) -> Any:
        words: str = super().clean(value)
        if not words:
            return None
        return self._one(words)

    def _one(self, words: str) -> Member:
        exact: Member | None = self.among.filter(user__email__iexact=words).first()
        if exact:
            return exact
        found: list[Member] = list(self.among.search(words)[:2])  # type: ignore[attr-defined]
        if not found:
            raise ValidationError(_("No active member is found by this."), code="no_such_member")
        if len(found) > 1:
            raise ValidationError(
                _("More than one member is found by this. Write the email."), code="which_member"
            )
        return found[0]


class PeopleForm(forms.Form):
    """A form with a member to choose, with some to suggest."""

    member = MemberField(label=_("Member"), help_text=_("Email or name of an active member."))

    def __init__(self, data: Any = None, *, among: QuerySet[Member]) -> None:
        super().__init__(data)
        self.among = among.select_related("user").order_by(Lower("user__name"), "pk")
        field: Any = self.fields["member"]
        field.among = self.among
        field.widget.attrs |= {"list": "members", "autocomplete": "off"}

    @property
    def suggested(self) -> list[Member]:
        return list(self.among[:SUGGESTED])


class CompanyForm(PeopleForm):
    """A new company, with its first manager if there is one yet."""

    name = PlainTextField(label=_("Name"), max_length=150)
    member = MemberField(
        label=_("First manager"),
        required=False,
        help_text=_("Email or name of an active member. You can add one later."),
    )
    field_order = ["name", "member"]


class PlaceForm(PeopleForm):
    """Somebody to put in a company, and as what."""

    role = forms.TypedChoiceField(
        label=_("Role"),
        choices=CompanyMember.Role.choices,
        coerce=CompanyMember.Role,
        initial=CompanyMember.Role.MEMBER,
    )


class RenameForm(forms.Form):
    name = PlainTextField(label=_("Name"), max_length=150)


class CompanyRoleForm(forms.Form):
    role = forms.TypedChoiceField(
        label=_("Role"), choices=CompanyMember.Role.choices, coerce=CompanyMember.Role
    )


class InviteToCompanyForm(forms.Form):
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("A member is added at once. Anybody else gets an invitation by email."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class CompanyFilter(SearchForm):
    """Which companies to list: those that match the words and are in the state."""

    state = forms.ChoiceField(
        required=False,
        choices=[("", _("All states")), *Company.State.choices],
        widget=forms.Select(attrs={"aria-label": _("State")}),
    )
