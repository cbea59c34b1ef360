"""Settings > Team: who runs the location and who helps, and who is asked to."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import LocationRequest, for_admins
from community.forms.team import InviteToTeamForm, RoleForm
from community.models import Role
from community.services.team import change_role, remove_from_team
from config.broker import send_soon
from membership.models import Invitation
from membership.services.invitations import (
    copy_token,
    invite,
    resend_invitation,
    revoke_invitation,
)
from membership.services.mailing import invitation_link
from membership.tasks import send_invitation


@require_http_methods(["GET", "POST"])
@for_admins
def team(request: LocationRequest, slug: str) -> HttpResponseBase:
    form = InviteToTeamForm(request.POST or None)
    if form.is_valid():
        try:
            invitation, _token = invite(
                location=request.location,
                email=form.cleaned_data["email"],
                kind=Invitation.Kind(form.cleaned_data["kind"]),
                by=request.user,
                at=now(),
            )
        except ValidationError as refusal:
            form.add_error("email", refusal)
        else:
            send_soon(send_invitation, location_id=request.location.pk, invitation_id=invitation.pk)
            messages.success(request, _("%(email)s is invited.") % {"email": invitation.email})
            return redirect("community:settings_team", slug)
    return _page(request, form=form)


@require_http_methods(["GET", "POST"])
@for_admins
def change(request: LocationRequest, slug: str, role_id: int) -> HttpResponseBase:
    role = _role(request, role_id)
    form = RoleForm(request.POST or None, initial={"kind": role.kind})
    if form.is_valid():
        try:
            change_role(
                location=request.location,
                user=role.user,
                kind=form.cleaned_data["kind"],
                by=request.user,
                at=now(),
            )
        except ValidationError as refusal:
            form.add_error("kind", refusal)
        else:
            kind = form.cleaned_data["kind"].label
            messages.success(request, _("%(name)s: %(role)s.") % {"name": role.user, "role": kind})
            return _after(request, role, form.cleaned_data["kind"])
    return render(
        request,
        "community/settings/change_role.html",
        {"form": form, "role": role, "is_self": role.user_id == request.user.pk},
    )


@require_http_methods(["GET", "POST"])
@for_admins
def remove(request: LocationRequest, slug: str, role_id: int) -> HttpResponseBase:
    role = _role(request, role_id)
    refusal = ""
    if request.method == "POST":
        try:
            remove_from_team(location=request.location, user=role.user, by=request.user, at=now())
        except ValidationError as refused:
            refusal = refused.messages[0]
        else:
            messages.success(request, _("%(name)s left the team.") % {"name": role.user})
            return _after(request, role)
    return render(
        request,
        "community/settings/remove_from_team.html",
        {"role": role, "is_self": role.user_id == request.user.pk, "refusal": refusal},
    )


@require_POST
@for_admins
def resend(request: LocationRequest, slug: str, invitation_id: int) -> HttpResponseBase:
    invitation = _invitation(invitation_id)
    try:
        resend_invitation(invitation=invitation, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        send_soon(send_invitation, location_id=request.location.pk, invitation_id=invitation.pk)
        words = _("%(email)s gets a new link; the one before no longer opens.")
        messages.success(request, words % {"email": invitation.email})
    return redirect("community:settings_team", slug)


@require_POST
@for_admins
def revoke(request: LocationRequest, slug: str, invitation_id: int) -> HttpResponseBase:
    invitation = _invitation(invitation_id)
    try:
        revoke_invitation(invitation=invitation, by=request.user, at=now())
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        words = _("The invitation of %(email)s was taken back.")
        messages.success(request, words % {"email": invitation.email})
    return redirect("community:settings_team", slug)


@require_POST
@for_admins
def link(request: LocationRequest, slug: str, invitation_id: int) -> HttpResponseBase:
    """Give an invitation's link: to the script that copies it, or on the page."""
    invitation = _invitation(invitation_id)
    try:
        address = invitation_link(copy_token(invitation=invitation, at=now()))
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("community:settings_team", slug)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"text": address})
    return _page(request, form=InviteToTeamForm(), shown=invitation, address=address)


def _page(
    request: LocationRequest,
    *,
    form: InviteToTeamForm,
    shown: Invitation | None = None,
    address: str = "",
) -> HttpResponse:
    people = Role.objects.filter(location=request.location).select_related("user")
    invited = Invitation.objects.open().exclude(kind=Invitation.Kind.MEMBER)
    return render(
        request,
        "community/settings/team.html",
        {
            "form": form,
            "people": people.order_by("kind", Lower("user__name"), "pk"),
            "invitations": invited.order_by("-pk"),
            "shown": shown,
            "address": address,
            "at": now(),
        },
    )


def _after(request: LocationRequest, role: Role, kind: Role.Kind | None = None) -> HttpResponseBase:
    """Lead back to the team; who gave up their own rights goes where they still may."""
    if role.user_id != request.user.pk or kind == Role.Kind.ADMIN:
        return redirect("community:settings_team", request.location.slug)
    if kind or request.principal.is_member:
        return redirect("community:home", request.location.slug)
    return redirect("choose_location")


def _role(request: LocationRequest, role_id: int) -> Role:
    own = Role.objects.filter(location=request.location).select_related("user")
    role: Role = get_object_or_404(own, pk=role_id)
    return role


def _invitation(invitation_id: int) -> Invitation:
    team = Invitation.objects.exclude(kind=Invitation.Kind.MEMBER)
    invitation: Invitation = get_object_or_404(team, pk=invitation_id)
    return invitation
