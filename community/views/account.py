"""What a signed-in person does outside any location."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.context_processors import locations_of
from community.forms import ProfileForm, ThemeForm
from community.models import User
from community.services import change_profile, choose_theme


@require_GET
@login_required
def choose_location(request: HttpRequest) -> HttpResponse:
    """Lead to the only location a user has; with several, or none, let them see."""
    places = locations_of(cast("User", request.user).pk)
    if len(places) == 1:
        return redirect("community:home", places[0].slug)
    return render(request, "community/choose.html", {"memberships": places})


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = ProfileForm(
        request.POST or None,
        initial={"name": user.name, "language": user.language, "time_format": user.time_format},
    )
    if form.is_valid():
        change_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Profile saved."))
        return redirect("account_profile")
    return render(request, "account/profile.html", {"form": form})


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if form.is_valid():
        choose_theme(user=cast("User", request.user), theme=form.cleaned_data["theme"])
    return redirect(_same_site(request, request.POST.get("next", "")))


def _same_site(request: HttpRequest, address: str) -> str:
    own = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if own else settings.LOGIN_REDIRECT_URL
