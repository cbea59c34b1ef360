from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from community.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # People get in as demo users or by the operator until sign-up exists.
        return False

    def get_user_search_fields(self) -> list[str]:
        return ["email", "name"]


def name_of(user: User) -> str:
    return str(user)


def trust_email(user: User) -> None:
    """Take the address of someone who comes from the operator as confirmed."""
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
