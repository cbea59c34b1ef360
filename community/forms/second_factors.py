from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.core.cache import cache

# A code is good for its own 30 seconds and, for slow thumbs and wrong clocks, those beside them.
CODE_SECONDS = 90


class EachCodeOnce:
    """Takes no code a second time, however long it is good for."""

    def clean_code(self: Any) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        digits = "".join(filter(str.isalnum, code))
        if not cache.add(f"second-factor-used:{self.user.pk}:{digits}", "", CODE_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SecondFactorForm(EachCodeOnce, AuthenticateForm):  # type: ignore[misc]
    pass


class SecondFactorAgainForm(EachCodeOnce, ReauthenticateForm):  # type: ignore[misc]
    pass


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Suggests the passkey that signs in alone: it's the safer and the easier one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "passwordless" in self.fields:
            self.fields["passwordless"].initial = True
