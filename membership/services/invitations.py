"""Invitations: single-use links that let whoever holds an email address in."""

import hashlib
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from community.models import Company, Location, Member, Role, User
from community.services import record_audit
from membership.models import Invitation
from membership.models.joining import InvitationQuerySet
from membership.services.joining import admit_member

VALID_FOR = timedelta(days=14)
# A mail that the server refuses for so long is not tried again by itself.
RETRY_MAILS_FOR = timedelta(days=1)
# So long the worker that was told first has it to itself.
FIRST_TRY = timedelta(seconds=30)


class AlreadyMember(ValidationError):
    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("%(email)s is a member already."), code="already_member", params={"email": email}
        )


class MemberIsSuspended(ValidationError):
    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("%(email)s is a suspended member: end the suspension instead."),
            code="member_is_suspended",
            params={"email": email},
        )


class AlreadyInTeam(ValidationError):
    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("%(email)s is in the team already: change the role there."),
            code="already_in_team",
            params={"email": email},
        )


class AlreadyInvited(ValidationError):
    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("%(email)s is invited already: send that invitation again."),
            code="already_invited",
            params={"email": email},
        )


class InvitationUnknown(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("This link isn't complete, or a newer invitation has replaced it."),
            code="invitation_unknown",
        )


class InvitationUsed(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This invitation was used already."), code="invitation_used")


class InvitationRevoked(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This invitation was taken back."), code="invitation_revoked")


class InvitationExpired(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This invitation has expired."), code="invitation_expired")


class InvitationForSomebodyElse(ValidationError):
    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("This invitation is for %(email)s."),
            code="invitation_for_somebody_else",
            params={"email": email},
        )


class StillSuspended(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Your membership is suspended. Only the team can end that."), code="still_suspended"
        )


@transaction.atomic
def invite(
    *,
    location: Location,
    email: str,
    kind: Invitation.Kind,
    by: User | None,
    at: datetime,
    name: str = "",
    company: Company | None = None,
) -> tuple[Invitation, str]:
    """Leave an invitation for a task to mail, and give the token of the mail's link.

    An open one that has expired is renewed, and one that names no company gets the new one's.

    :raises AlreadyMember, MemberIsSuspended, AlreadyInTeam: if there is nothing to invite to
    :raises AlreadyInvited: if an invitation as this is open, also if a rival was quicker
    """
    email = email.strip().lower()
    _check_outsider(location, email, kind)
    known = _lock(Invitation.objects.open().filter(kind=kind, email__iexact=email))
    if known and known.expires_at > at and (known.company_id or not company):
        raise AlreadyInvited(email=email)
    if known:
        known.company = company or known.company
        return _renewed(known, at=at)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                location=location,
                kind=kind,
                email=email,
                name=name,
                company=company,
                # The token is made from the row's number: this keeps the place for its hash.
                token_hash=_digest(f"{location.pk} {kind} {email}"),
                invited_by=by,
                created_at=at,
                expires_at=at + VALID_FOR,
            )
    except IntegrityError as rival:
        raise AlreadyInvited(email=email) from rival
    token = _seal(invitation)
    _record(invitation, "invitation made", by=by, at=at)
    return invitation, token


@transaction.atomic
def invite_members(
    *, location: Location, emails: list[str], by: User, at: datetime, name: str = ""
) -> list[Invitation]:
    """Invite several people as members: all of them, or nobody.

    :raises ValidationError: with every refusal of `invite`
    """
    made, refusals = [], []
    for email in emails:
        try:
            invitation, _token = invite(
                location=location,
                email=email,
                kind=Invitation.Kind.MEMBER,
                by=by,
                at=at,
                name=name,
            )
        except ValidationError as refusal:
            refusals.append(refusal)
        else:
            made.append(invitation)
    if refusals:
        raise ValidationError(refusals)
    return made


@transaction.atomic
def resend_invitation(
    *, invitation: Invitation, by: User | None, at: datetime
) -> tuple[Invitation, str]:
    """Renew the invitation for a task to mail: its earlier links stop working.

    :raises InvitationUsed, InvitationRevoked: if it isn't open any more
    """
    invitation = lock_open_invitation(invitation.pk)
    renewed = _renewed(invitation, at=at)
    _record(invitation, "invitation sent again", by=by, at=at)
    return renewed


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User | None, at: datetime) -> Invitation:
    """Take an invitation back: its link stops working. Twice is once.

    :raises InvitationUsed: if it was accepted meanwhile
    """
    locked = _lock(Invitation.objects.filter(pk=invitation.pk))
    assert locked
    if locked.accepted_at:
        raise InvitationUsed
    if locked.revoked_at is None:
        locked.revoked_at = at
        locked.save(update_fields=["revoked_at"])
        _record(locked, "invitation revoked", by=by, at=at)
    return locked


@transaction.atomic
def accept_invitation(*, token: str, user: User, at: datetime) -> Invitation:
    """Let the user in as what the invitation says, once. Who accepted it may ask again.

    :raises InvitationUnknown, InvitationUsed, InvitationRevoked, InvitationExpired: if it's over
    :raises InvitationForSomebodyElse: if it's for another email address than the user's
    :raises StillSuspended: if the user is a suspended member
    """
    invitation = _lock(_opened_by(token))
    if invitation is None:
        raise InvitationUnknown
    if invitation.accepted_at and invitation.accepted_by_id == user.pk:
        return invitation
    check_invitation(invitation, at=at)
    if invitation.email.lower() != user.email.lower():
        raise InvitationForSomebodyElse(email=invitation.email)
    _let_in(invitation, user, at=at)
    invitation.accepted_at, invitation.accepted_by = at, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    _record(invitation, "invitation accepted", by=user, at=at)
    return invitation


def find_invitation(*, token: str) -> Invitation | None:
    """The invitation that a mailed or a copied link opens, in whatever state."""
    return _opened_by(token).select_related("location", "company", "invited_by").first()


def check_invitation(invitation: Invitation, *, at: datetime) -> None:
    """See that it can still be accepted.

    :raises InvitationUsed, InvitationRevoked, InvitationExpired:
    """
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.revoked_at:
        raise InvitationRevoked
    if invitation.expires_at <= at:
        raise InvitationExpired


def came_by_mail(invitation: Invitation, token: str) -> bool:
    """Whether the token was in the mail, so that who has it reads that mailbox.

    A copied link opens the invitation too, but proves nothing about the mailbox.
    """
    return _digest(_for_copying(token)) == invitation.token_hash


@transaction.atomic
def copy_token(*, invitation: Invitation, at: datetime) -> str:
    """Give the token for a link to hand over by other ways. The mailed link keeps working.

    :raises InvitationUsed, InvitationRevoked, InvitationExpired: if it lets nobody in any more
    """
    invitation = lock_open_invitation(invitation.pk)
    check_invitation(invitation, at=at)
    return _for_copying(_seal(invitation))


@transaction.atomic
def token_to_mail(*, invitation_id: int, at: datetime) -> tuple[Invitation, str] | None:
    """Give what the mail needs, or nothing if there is nothing to send (any more)."""
    invitation = _lock(Invitation.objects.open().filter(pk=invitation_id))
    if invitation is None or invitation.sent_at or invitation.expires_at <= at:
        return None
    return invitation, _seal(invitation)


def note_invitation_sent(*, invitation: Invitation, at: datetime) -> None:
    """The mail server took it. If it was renewed meanwhile, the newer mail is still to go."""
    Invitation.objects.filter(pk=invitation.pk, expires_at=invitation.expires_at).update(sent_at=at)


def invitations_to_mail(*, at: datetime) -> list[int]:
    """The invitations that no mail server has taken yet, the oldest first."""
    waiting = Invitation.objects.open().filter(
        sent_at=None,
        expires_at__gt=at + VALID_FOR - RETRY_MAILS_FOR,
        expires_at__lte=at + VALID_FOR - FIRST_TRY,
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:100])


def _check_outsider(location: Location, email: str, kind: Invitation.Kind) -> None:
    if kind != Invitation.Kind.MEMBER:
        if Role.objects.filter(location=location, user__email__iexact=email).exists():
            raise AlreadyInTeam(email=email)
        return
    member = (
        Member.objects.select_related("user")
        .filter(location=location, user__email__iexact=email)
        .first()
    )
    # Who was imported is a member without a password: the link is a way to their account.
    if member and member.state == Member.State.ACTIVE and member.user.has_usable_password():
        raise AlreadyMember(email=email)
    if member and member.state == Member.State.SUSPENDED:
        raise MemberIsSuspended(email=email)


def _let_in(invitation: Invitation, user: User, *, at: datetime) -> None:
    if invitation.kind == Invitation.Kind.MEMBER:
        member = admit_member(
            location=invitation.location, user=user, by=invitation.invited_by, at=at
        )
        if member.state != Member.State.ACTIVE:
            raise StillSuspended
        return
    role, made = Role.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
        user=user, location=invitation.location, defaults={"kind": invitation.kind}
    )
    if made:
        record_audit(
            location=invitation.location,
            by=invitation.invited_by,
            action=f"{invitation.kind} added",
            subject=f"user {user.pk}",
            at=at,
        )
    # Of two invitations the one for more counts; none takes anything away.
    elif invitation.kind == Invitation.Kind.ADMIN:
        role.kind = Role.Kind.ADMIN
        role.save(update_fields=["kind"])


def _renewed(invitation: Invitation, *, at: datetime) -> tuple[Invitation, str]:
    invitation.expires_at, invitation.sent_at = at + VALID_FOR, None
    invitation.save(update_fields=["company", "expires_at", "sent_at"])
    return invitation, _seal(invitation)


def _seal(invitation: Invitation) -> str:
    """Give the token of the mail's link, and keep what recognises it: the hash of its hash.

    Made from the row, so a mail that is sent twice carries one link, and with the
    installation's secret, so the database alone opens nothing.
    """
    row = f"{invitation.pk} {invitation.expires_at.timestamp()}"
    token = salted_hmac("membership.invitation", row, algorithm="sha256").hexdigest()
    known_by = _digest(_for_copying(token))
    if invitation.token_hash != known_by:
        invitation.token_hash = known_by
        invitation.save(update_fields=["token_hash"])
    return token


def _for_copying(token: str) -> str:
    # One way only: from a copied link nobody gets to the mailed one, which proves the mailbox.
    return _digest(f"copied {token}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lock_open_invitation(invitation_id: int) -> Invitation:
    """Lock one that may still be accepted or changed.

    :raises InvitationUsed: if somebody has joined by it
    :raises InvitationRevoked: if it was taken back
    """
    invitation = _lock(Invitation.objects.filter(pk=invitation_id))
    assert invitation
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.revoked_at:
        raise InvitationRevoked
    return invitation


def _opened_by(token: str) -> InvitationQuerySet:
    return Invitation.objects.filter(token_hash__in=[_digest(token), _digest(_for_copying(token))])


def _lock(invitations: InvitationQuerySet) -> Invitation | None:
    return (
        invitations.select_for_update(no_key=True, of=("self",))
        .select_related("location", "company", "invited_by")
        .first()
    )


def _record(invitation: Invitation, action: str, *, by: User | None, at: datetime) -> None:
    record_audit(
        location=invitation.location,
        by=by,
        action=action,
        subject=f"invitation {invitation.pk}",
        at=at,
        after={"email": invitation.email, "kind": invitation.kind},
    )
