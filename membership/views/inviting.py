"""Community > Members, for admins: the invited, and those who ask to join."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from community.access import LocationRequest, for_admins, for_staff
from community.answers import lead_to
from community.forms.joining import InviteForm
from config.broker import send_soon
from membership.models import Invitation, JoinRequest
from membership.services.asking import accept_request, decline_request
from membership.services.invitations import (
    VALID_FOR,
    copy_token,
    invite_members,
    resend_invitation,
    revoke_invitation,
)
from membership.services.mailing import invitation_link
from membership.tasks import send_invitation

PER_PAGE = 25
INVITED_SHOWN = 3
REQUESTS_SHOWN = 3
# So long a mail that hasn't left yet is nothing to worry about.
ON_ITS_WAY = timedelta(seconds=15)


@dataclass(frozen=True)
class InvitedRow:
    """An open invitation and how far its mail has come."""

    invitation: Invitation
    state: str  # sent, sending, not_sent, expired


def ways_in(request: LocationRequest) -> dict[str, Any]:
    """What the list of members shows above itself: who asks to join and who is invited."""
    requests = _requests()
    invitations = _invitations()
    return {
        "requests_to_join": requests[:REQUESTS_SHOWN],
        "request_count": requests.count(),
        "invited_count": invitations.count(),
        **_listed(invitations[:INVITED_SHOWN]),
    }


@require_GET
@for_staff
def invitations(request: LocationRequest, slug: str) -> HttpResponseBase:
    page = Paginator(_invitations(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, **_listed(page.object_list)}
    return render(request, "membership/joining/invitations.html", context)


@require_http_methods(["GET", "POST"])
@for_admins
def invite(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = InviteForm(request.POST or None)
    if form.is_valid():
        try:
            made = invite_members(
                location=request.location, by=request.user, at=now(), **form.cleaned_data
            )
        except ValidationError as refusal:
            form.add_error("emails", refusal)
        else:
            return _invited(request, made)
    return render(request, "membership/joining/invite.html", {"invite_form": form})


@require_POST
@for_admins
def resend(request: LocationRequest, slug: str, invitation_id: int) -> HttpResponseBase:
    invitation = _invitation(invitation_id)
    try:
        resend_invitation(invitation=invitation, by=request.user, at=now())
    except ValidationError as refusal:
        return _back(request, refusal=refusal)
    _send([invitation])
    return _back(
        request,
        _("A new invitation is on its way to %(email)s. The earlier link stops working.")
        % {"email": invitation.email},
    )


@require_POST
@for_admins
def revoke(request: LocationRequest, slug: str, invitation_id: int) -> HttpResponseBase:
    invitation = _invitation(invitation_id)
    try:
        revoke_invitation(invitation=invitation, by=request.user, at=now())
    except ValidationError as refusal:
        return _back(request, refusal=refusal)
    return _back(
        request,
        _("The invitation of %(email)s is taken back. Its link stops working.")
        % {"email": invitation.email},
    )


@require_POST
@for_admins
def link(request: LocationRequest, slug: str, invitation_id: int) -> HttpResponseBase:
    """Give an invitation's link: to the script that copies it, or on a page of its own."""
    invitation = _invitation(invitation_id)
    try:
        address = invitation_link(copy_token(invitation=invitation, at=now()))
    except ValidationError as refusal:
        return _back(request, refusal=refusal)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"text": address})
    context = {"invitation": invitation, "link": address}
    return render(request, "membership/joining/link.html", context)


@require_GET
@for_staff
def join_requests(request: LocationRequest, slug: str) -> HttpResponseBase:
    page = Paginator(_requests(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "requests_to_join": page.object_list}
    return render(request, "membership/joining/requests.html", context)


@require_POST
@for_admins
def accept(request: LocationRequest, slug: str, request_id: int) -> HttpResponseBase:
    asked = _request(request_id)
    try:
        accept_request(request=asked, by=request.user, at=now())
    except ValidationError as refusal:
        return _back(request, refusal=refusal)
    return _back(request, _("%(name)s is a member now.") % {"name": asked.user})


@require_POST
@for_admins
def decline(request: LocationRequest, slug: str, request_id: int) -> HttpResponseBase:
    asked = _request(request_id)
    try:
        decline_request(request=asked, by=request.user, at=now())
    except ValidationError as refusal:
        return _back(request, refusal=refusal)
    return _back(request, _("The request of %(name)s is declined.") % {"name": asked.user})


def _invitations() -> QuerySet[Invitation]:
    newest: QuerySet[Invitation] = (
        Invitation.objects.open()
        .filter(kind=Invitation.Kind.MEMBER)
        .select_related("invited_by", "company")
        .order_by("-pk")
    )
    return newest


def _requests() -> QuerySet[JoinRequest]:
    waiting: QuerySet[JoinRequest] = JoinRequest.objects.open().select_related("user")
    return waiting


def _listed(invitations: Iterable[Invitation]) -> dict[str, Any]:
    rows = rows_of(invitations)
    return {
        "invited": rows,
        "mails_leave": any(row.state == "sending" for row in rows),
        "invite_form": InviteForm(),
        "valid_for_days": VALID_FOR.days,
    }


def rows_of(invitations: Iterable[Invitation]) -> list[InvitedRow]:
    at = now()
    return [InvitedRow(invitation, _state(invitation, at)) for invitation in invitations]


def _state(invitation: Invitation, at: datetime) -> str:
    if invitation.expires_at <= at:
        return "expired"
    if invitation.sent_at:
        return "sent"
    is_young = invitation.expires_at > at + VALID_FOR - ON_ITS_WAY
    return "sending" if is_young else "not_sent"


def _invitation(invitation_id: int) -> Invitation:
    members = Invitation.objects.filter(kind=Invitation.Kind.MEMBER)
    invitation: Invitation = get_object_or_404(members, pk=invitation_id)
    return invitation


def _request(request_id: int) -> JoinRequest:
    asked: JoinRequest = get_object_or_404(
        JoinRequest.objects.select_related("location", "user"), pk=request_id
    )
    return asked


def _invited(request: LocationRequest, made: list[Invitation]) -> HttpResponseBase:
    """Send the mails and lead back."""
    _send(made)
    words = ngettext(
        "An invitation is on its way to %(first)s.",
        "%(count)d invitations are on their way.",
        len(made),
    )
    messages.success(request, words % {"first": made[0].email, "count": len(made)})
    return lead_to(request, reverse("community:members", args=[request.location.slug]))


def _send(made: list[Invitation]) -> None:
    for invitation in made:
        send_soon(send_invitation, location_id=invitation.location_id, invitation_id=invitation.pk)


def _back(
    request: LocationRequest, words: str = "", *, refusal: ValidationError | None = None
) -> HttpResponse:
    if refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, words)
    return redirect("community:members", request.location.slug)
