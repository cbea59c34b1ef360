"""The first page of an empty installation: its link makes the first admin and location."""

from typing import Any

from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from community.adapter import trust_email
from community.models import Role
from membership.forms import FoundingForm
from membership.services.founding import (
    SetupLinkUnknown,
    SetupLinkUsed,
    check_setup_link,
    found_installation,
)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    try:
        check_setup_link(token=token)
        form = FoundingForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and (slug := _found(request, token, form)):
            return redirect("community:home", slug)
    except (SetupLinkUnknown, SetupLinkUsed) as closed:
        status = 410 if isinstance(closed, SetupLinkUsed) else 404
        words: dict[str, Any] = {"words": closed.messages[0], "used": status == 410}  # noqa: PLR2004
        return render(request, "membership/founding/closed.html", words, status=status)
    return render(request, "membership/founding/setup.html", {"form": form})


def _found(request: HttpRequest, token: str, form: FoundingForm) -> str:
    """Give the new location's slug, or leave what is wrong on the form."""
    try:
        location = found_installation(
            token=token, person=form.person(), place=form.place(), at=now()
        )
    except (SetupLinkUnknown, SetupLinkUsed):
        raise
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return ""
    admin = Role.objects.select_related("user").get(location=location).user
    trust_email(admin)
    login(request, admin, backend=BACKEND)
    return location.slug
