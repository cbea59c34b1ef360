"""What a signed-in person does outside any location."""

from typing import cast

from allauth.account.views import email as addresses_of_account
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.forms import ProfileForm, ThemeForm
from community.models import User
from community.selectors import places_of
from community.services import change_profile, choose_theme
from membership.views.joining import waiting_at_doors


@require_GET
@login_required
def choose_location(request: HttpRequest) -> HttpResponse:
    """Lead to the only location a user has; with several, or none, let them see."""
    user = cast("User", request.user)
    places = places_of(user.pk)
    if len(places.current) == 1:
        return redirect("community:home", places.current[0].slug)
    context = {
        "memberships": places.current,
        "former_places": places.former,
        **waiting_at_doors(user, at=now()),
    }
    return render(request, "community/choose.html", context)


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


@require_http_methods(["GET", "POST"])
@login_required
def email_addresses(request: HttpRequest) -> HttpResponse:
    """The library's page, whose every change happens whole or not at all."""
    try:
        with transaction.atomic():
            return cast("HttpResponse", addresses_of_account(request))
    except IntegrityError:
        # Somebody was imported under it since it was confirmed here.
        messages.error(request, _("This address belongs to another account. Nothing was changed."))
        return redirect("account_email")


@require_POST
@login_required
def theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if form.is_valid():
        choose_theme(user=cast("User", request.user), theme=form.cleaned_data["theme"])
    # Not by redirect(): it would take other text than an address for the name of a page.
    return HttpResponseRedirect(_same_site(request, request.POST.get("next", "")))


def _same_site(request: HttpRequest, address: str) -> str:
    own = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if own else settings.LOGIN_REDIRECT_URL
