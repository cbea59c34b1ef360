"""The doors of a location, from outside: an invitation's link, and asking to join."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_scopes import scope, scopes_disabled

from community.access import LocationRequest, for_staff
from community.forms.joining import JoinForm
from community.models import Location, Member, User
from membership.models import Invitation, JoinRequest
from membership.services.asking import ask_to_join, may_ask_from, withdraw_request
from membership.services.invitations import (
    InvitationForSomebodyElse,
    InvitationUnknown,
    InvitationUsed,
    accept_invitation,
    came_by_mail,
    check_invitation,
    copy_token,
    find_invitation,
)
from membership.services.joining import admit_member

MOST_SHOWN = 10


@dataclass(frozen=True)
class InvitationBehind:
    """The open invitation that a visitor comes from, on the way to an account."""

    email: str
    name: str
    by_mail: bool


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show who invites whom, and let them accept, once signed in under that address."""
    found = _find(token)
    if found is None:
        return _closed(request, InvitationUnknown())
    location = found.location
    with scope(location=location), timezone.override(location.zone):
        try:
            if request.method == "POST" and request.user.is_authenticated:
                return _accept(request, token, location)
            check_invitation(found, at=now())
        except InvitationForSomebodyElse:
            pass  # the page says for whom it is
        except ValidationError as refusal:
            return _closed(request, refusal, location)
        return render(
            request,
            "membership/joining/invitation.html",
            {
                "invitation": found,
                "place": location,
                "is_theirs": request.user.is_authenticated
                and request.user.email.lower() == found.email,
                "next": request.path,
            },
        )


def invitation_behind(request: HttpRequest) -> InvitationBehind | None:
    """Find the open invitation whose page a sign-in or sign-up will lead back to."""
    path = urlsplit(request.POST.get("next") or request.GET.get("next") or "").path
    try:
        match = resolve(path)
    except Resolver404:
        return None
    if match.view_name != "invitation":
        return None
    token = match.kwargs["token"]
    found = _find(token)
    if found is None:
        return None
    try:
        check_invitation(found, at=now())
    except ValidationError:
        return None
    return InvitationBehind(found.email, found.name, came_by_mail(found, token))


@dataclass(frozen=True)
class OpenInvitation:
    """A location that invites the user, and where they accept."""

    location: Location
    address: str


def waiting_at_doors(user: User, *, at: datetime) -> dict[str, Any]:
    """What a signed-in user waits for at any location: invitations, and answers."""
    with scopes_disabled():
        invited = Invitation.objects.open().filter(email__iexact=user.email, expires_at__gt=at)
        asked = JoinRequest.objects.open().filter(user=user).select_related("location")
        return {
            "invited": [
                OpenInvitation(
                    found.location,
                    reverse("invitation", args=[copy_token(invitation=found, at=at)]),
                )
                for found in invited.select_related("location").order_by("-pk")[:MOST_SHOWN]
            ],
            "asked": list(asked[:MOST_SHOWN]),
        }


def not_a_member(
    request: HttpRequest, location: Location, form: JoinForm | None = None
) -> HttpResponseBase:
    """Answer whoever isn't a member (any more), on every page of a location."""
    home = reverse("community:home", args=[location.slug])
    if "application/json" in request.headers.get("Accept", ""):
        # An open checkout asks: it leads there.
        return JsonResponse({"state": "refused", "url": home}, status=403)
    user = cast("User", request.user)
    last = JoinRequest.objects.filter(user=user).order_by("-pk").first()
    page = render(
        request,
        "community/not_a_member.html",
        {
            "location": location,
            "place": location,
            "nav": [],
            "form": form or JoinForm(),
            "was_member": Member.objects.filter(user=user, state=Member.State.LEFT).exists(),
            "request_to_join": last,
            "may_ask": last is None or _may_ask(last, now()),
        },
        status=403,
    )
    if "HX-Request" in request.headers:
        # A piece of a page that is still open: the whole page is to be asked for again.
        page["HX-Refresh"] = "true"
    return page


@require_POST
@login_required
def ask(request: HttpRequest, place: str) -> HttpResponseBase:
    location = get_object_or_404(Location, slug=place)
    form = JoinForm(request.POST)
    with scope(location=location), timezone.override(location.zone):
        if not form.is_valid():
            return not_a_member(request, location, form)
        try:
            ask_to_join(
                location=location,
                user=cast("User", request.user),
                message=form.cleaned_data["message"],
                at=now(),
            )
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
    return redirect("community:home", location.slug)


@require_POST
@login_required
def withdraw(request: HttpRequest, place: str) -> HttpResponseBase:
    location = get_object_or_404(Location, slug=place)
    with scope(location=location):
        try:
            withdraw_request(location=location, user=cast("User", request.user), at=now())
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
        else:
            messages.success(request, _("Your request is withdrawn."))
    return redirect("community:home", location.slug)


@require_POST
@for_staff
def become_member(request: LocationRequest, slug: str) -> HttpResponseBase:
    """Make a member of whoever runs the place or helps there, by their own click."""
    member = admit_member(location=request.location, user=request.user, by=request.user, at=now())
    if member.state == Member.State.ACTIVE:
        messages.success(request, _("You are a member now."))
    return redirect("membership:credits", slug)


def _find(token: str) -> Invitation | None:
    with scopes_disabled():  # the token names the invitation, the invitation its location
        return find_invitation(token=token)


def _accept(request: HttpRequest, token: str, location: Location) -> HttpResponse:
    accept_invitation(token=token, user=cast("User", request.user), at=now())
    messages.success(request, _("Welcome to %(name)s.") % {"name": location.name})
    return redirect("community:home", location.slug)


def _closed(
    request: HttpRequest, refusal: ValidationError, location: Location | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "words": refusal.messages[0],
        "place": location,
        "is_used": isinstance(refusal, InvitationUsed),
    }
    status = 410 if location else 404
    return render(request, "membership/joining/closed.html", context, status=status)


def _may_ask(last: JoinRequest, at: datetime) -> bool:
    return last.state != JoinRequest.State.OPEN and may_ask_from(last) <= at
