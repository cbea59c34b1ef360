from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from community.models import User
from membership.views.joining import invitation_behind


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

    def get_user_search_fields(self) -> list[str]:
        return ["email", "name"]


def name_of(user: User) -> str:
    return str(user)


def trust_email(user: User) -> None:
    """Take the address of someone who comes from the operator as confirmed."""
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
