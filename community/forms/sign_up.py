from typing import Any

from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from membership.views.joining import invitation_behind

LONGEST_PASSWORD = 200
LONGEST_EMAIL = 254


class SignUpForm(SignupForm):  # type: ignore[misc]
    """A person makes an account. Who follows an invitation does it for the invited address."""

    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ("name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].validators.append(MaxLengthValidator(LONGEST_EMAIL))
        self.fields["email"].widget.attrs = {"type": "email", "autocomplete": "username"}
        self.fields["password1"].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = _(
            "At least 8 characters. A few words in a row are easy to keep in mind."
        )
        self.invitation = invitation_behind(context.request)
        if self.invitation:
            self.fields["email"].initial = self.invitation.email
            self.fields["email"].widget.attrs["readonly"] = True
            self.fields["name"].initial = self.invitation.name

    def clean_email(self) -> str:
        if self.invitation and self.cleaned_data["email"].lower() != self.invitation.email:
            raise ValidationError(
                _("This invitation is for %(email)s."),
                code="invitation_for_somebody_else",
                params={"email": self.invitation.email},
            )
        email: str = super().clean_email()
        return email

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(
                _("A password has at most %(most)d characters."),
                code="password_too_long",
                params={"most": LONGEST_PASSWORD},
            )
        return password
