"""Who is a member: coming in, being suspended, coming back."""

from contextlib import suppress
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location, Member, User
from community.services import record_audit
from membership.models import Invitation, JoinRequest
from membership.services.companies import CompanyNotOpen, InCompanyAlready, put_in_company
from notifications.models import Notification
from notifications.services import notify


class NotInThatState(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("The membership is in another state by now."), code="not_in_that_state")


@transaction.atomic
def add_member(*, location: Location, user: User, at: datetime, by: User | None = None) -> Member:
    """Make a user an active member of the location, with the customer that pays for them.

    An existing member is returned as they are.
    """
    member, made = Member.objects.get_or_create(
        location=location, user=user, defaults={"joined_at": at}
    )
    if made:
        Customer.objects.create(location=location, member=member)
        record_audit(
            location=location, by=by, action="member added", subject=f"member {member.pk}", at=at
        )
    return member


@transaction.atomic
def admit_member(*, location: Location, user: User, by: User | None, at: datetime) -> Member:
    """Let a user in who was invited, asked, or runs the place; who had left gets all back.

    Their open invitation, its company and their request to join are settled with it.
    A suspended member stays so.
    """
    lock_ways_in(location=location, user=user)
    member = lock_member(add_member(location=location, user=user, by=by, at=at))
    if member.state in {Member.State.LEFT, Member.State.INVITED}:
        change_state(member, Member.State.ACTIVE, action="member returned", by=by, reason="", at=at)
    if member.state == Member.State.ACTIVE:
        _settle_invitation(member, at=at)
        JoinRequest.objects.filter(user=user, state=JoinRequest.State.OPEN).update(
            state=JoinRequest.State.ACCEPTED, answered_at=at, answered_by=by
        )
    return member


@transaction.atomic
def suspend_member(*, member: Member, by: User | None, reason: str, at: datetime) -> Member:
    """From the next request on the member can look, but not buy, claim or spend.

    :raises NotInThatState: if they are not active
    """
    member = lock_member(member)
    if member.state != Member.State.ACTIVE:
        raise NotInThatState
    change_state(
        member, Member.State.SUSPENDED, action="member suspended", by=by, reason=reason, at=at
    )
    tell_member(member, Notification.Kind.MEMBER_SUSPENDED, reason=reason, at=at)
    return member


@transaction.atomic
def reactivate_member(*, member: Member, by: User | None, at: datetime) -> Member:
    """End a suspension.

    :raises NotInThatState: if they are not suspended
    """
    member = lock_member(member)
    if member.state != Member.State.SUSPENDED:
        raise NotInThatState
    change_state(member, Member.State.ACTIVE, action="member active", by=by, reason="", at=at)
    tell_member(member, Notification.Kind.MEMBER_REACTIVATED, reason="", at=at)
    return member


def lock_ways_in(*, location: Location, user: User) -> None:
    """Lock what may let the user in: first invitations, then requests, before any member."""
    invited = Invitation.objects.open().filter(location=location, email__iexact=user.email)
    list(invited.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    asked = JoinRequest.objects.open().filter(location=location, user=user)
    list(asked.select_for_update(no_key=True, of=("self",)))


def _settle_invitation(member: Member, *, at: datetime) -> None:
    """Use up the open invitation, and put them in the company that it names, if that is open."""
    invited = Invitation.objects.open().filter(
        kind=Invitation.Kind.MEMBER, email__iexact=member.user.email
    )
    for invitation in invited.select_related("company", "invited_by"):
        if invitation.company and invitation.expires_at > at:
            with suppress(CompanyNotOpen, InCompanyAlready):
                put_in_company(
                    company=invitation.company, member=member, by=invitation.invited_by, at=at
                )
    invited.update(accepted_at=at, accepted_by=member.user)


def lock_member(member: Member) -> Member:
    return (
        Member.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location", "user")
        .get(pk=member.pk)
    )


def change_state(
    member: Member,
    state: Member.State,
    *,
    action: str,
    by: User | None,
    reason: str,
    at: datetime,
) -> None:
    """Write the new state of a locked member, with its record."""
    before = member.state
    member.state = state
    member.save(update_fields=["state"])
    record_audit(
        location=member.location,
        by=by,
        action=action,
        subject=f"member {member.pk}",
        reason=reason,
        at=at,
        before={"state": before},
        after={"state": state},
    )


def tell_member(member: Member, kind: Notification.Kind, *, reason: str, at: datetime) -> None:
    notify(
        location=member.location,
        user_ids=[member.user_id],
        kind=kind,
        facts={"reason": reason},
        key=f"{kind}:{member.pk}:{at.isoformat()}",
        at=at,
    )
