from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community.encryption import key_ring
from community.models import User
from membership.views.joining import invitation_behind

# The pages on which somebody confirms that it is them.
AGAIN = {
    "reauthenticate": "account_reauthenticate",
    "mfa_reauthenticate": "mfa_reauthenticate",
    "mfa_reauthenticate:webauthn": "mfa_reauthenticate_webauthn",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def save_user(self, request: HttpRequest, user: User, form: BaseForm, **how: Any) -> User:
        user.name = form.cleaned_data["name"]
        saved: User = super().save_user(request, user, form, **how)
        return saved

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Who comes from the link of an invitation's mail has shown that the mailbox is theirs."""
        if super().is_email_verified(request, email):
            return True
        invitation = invitation_behind(request)
        return bool(invitation and invitation.by_mail and invitation.email == email.lower())

    def pre_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse | None:
        # Signing up leaves an address to confirm; who has none was let in by the operator.
        if not EmailAddress.objects.filter(user=user).exists():
            trust_email(user)
        answer: HttpResponse | None = super().pre_login(request, user, **how)
        return answer

    def set_password(self, user: User, password: str) -> None:
        """Who had none, as the imported, has come by the link in a mail: the mailbox is theirs."""
        has_shown_mailbox = not user.has_usable_password()
        super().set_password(user, password)
        addresses = list(EmailAddress.objects.filter(user=user))
        # With several addresses it may have gone to any of them: nothing is shown then.
        if has_shown_mailbox and [it.email for it in addresses] == [user.email.lower()]:
            addresses[0].set_verified()

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, str]]:
        """The library's own asks for the page of passkeys, also where an address allows none."""
        if user.is_anonymous:
            return []
        kinds = Authenticator.Type
        codes = is_mfa_enabled(user, types=[kinds.TOTP, kinds.RECOVERY_CODES])
        passkeys = settings.PASSKEYS and is_mfa_enabled(user, types=[kinds.WEBAUTHN])
        known = [
            (user.has_usable_password(), "reauthenticate", gettext("Use your password")),
            (codes, "mfa_reauthenticate", gettext("Use a code")),
            (passkeys, "mfa_reauthenticate:webauthn", gettext("Use a passkey")),
        ]
        return [
            {"id": name, "description": words, "url": reverse(AGAIN[name])}
            for is_there, name, words in known
            if is_there
        ]

    def get_client_ip(self, request: HttpRequest) -> str:
        """Read the address that the outermost of our proxies saw.

        :raises BadRequest: if the request came past one of them, so that its word is worth nothing
        """
        try:
            address: str = super().get_client_ip(request)
        except ImproperlyConfigured as short:
            raise BadRequest("came past a proxy") from short
        return address

    def get_user_search_fields(self) -> list[str]:
        return ["email", "name"]


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of apps and recovery codes encrypted, and says things our way."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _(
            "No address can be added while a second factor is on. Switch it off, add the address,"
            " then switch it on again."
        ),
        "incorrect_code": _("This code is wrong, or it was used already."),
        "unverified_email": _(
            "Confirm or remove the addresses that are not confirmed yet, then set up a second"
            " factor."
        ),
    }

    def encrypt(self, text: str) -> str:
        return key_ring().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return key_ring().decrypt(encrypted_text).decode()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        number = {"number": count + 1}
        return gettext("Passkey %(number)d") % number if count else gettext("Passkey")


def name_of(user: User) -> str:
    return str(user)


def trust_email(user: User) -> None:
    """Take the address of someone who comes from the operator as confirmed."""
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
