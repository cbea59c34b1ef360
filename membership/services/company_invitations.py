"""How a company's managers bring people in: at once, or by an invitation to the location too."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import Company, CompanyMember, Member, Role, User
from community.services import record_audit
from membership.models import Invitation
from membership.services.companies import CompanyNotOpen, lock_managed, put_in_company
from membership.services.invitations import (
    InvitationRevoked,
    invite,
    lock_open_invitation,
    resend_invitation,
    revoke_invitation,
)


class CannotBeInvited(ValidationError):
    """A suspended member. Why is between them and the team, so the words don't tell."""

    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("%(email)s can't be invited at the moment. Ask the team of the location."),
            code="cannot_be_invited",
            params={"email": email},
        )


class InvitedElsewhere(ValidationError):
    """To another company, which these words don't tell either."""

    def __init__(self, *, email: str) -> None:
        super().__init__(
            _("%(email)s is invited to the location already. Add them once they have accepted."),
            code="invited_elsewhere",
            params={"email": email},
        )


@transaction.atomic
def invite_to_company(
    *, company: Company, email: str, by: User, at: datetime
) -> CompanyMember | Invitation:
    """Put an active member of the location in at once; invite anybody else to both.

    :raises CannotBeInvited, InvitedElsewhere, InCompanyAlready, CompanyNotOpen, NoLongerManager:
    :raises AlreadyInvited: if an invitation to this company is open
    """
    email = email.strip().lower()
    member = Member.objects.filter(location=company.location, user__email__iexact=email).first()
    if member and member.state == Member.State.ACTIVE:
        return put_in_company(company=company, member=member, by=by, at=at, as_manager=True)
    if member and member.state == Member.State.SUSPENDED:
        raise CannotBeInvited(email=email)
    _refuse_other_company(company, email, at=at)
    invitation, _token = invite(
        location=company.location,
        email=email,
        kind=Invitation.Kind.MEMBER,
        by=by,
        at=at,
        company=company,
    )
    if not lock_managed(company, by=by).is_open:
        raise CompanyNotOpen
    _record(invitation, "invited to company", company, by=by, at=at)
    return invitation


@transaction.atomic
def resend_company_invitation(*, invitation: Invitation, by: User, at: datetime) -> Invitation:
    """Renew an invitation to a company for a task to mail: its earlier links stop working.

    :raises InvitationUsed, InvitationRevoked, NoLongerManager:
    """
    invitation, _token = resend_invitation(invitation=invitation, by=by, at=at)
    _lock_company_of(invitation, by=by)
    return invitation


@transaction.atomic
def revoke_company_invitation(*, invitation: Invitation, by: User, at: datetime) -> None:
    """Take an invitation to a company back.

    Where an admin had invited them before, the location's invitation stands, without the company.

    :raises InvitationUsed, InvitationRevoked, NoLongerManager:
    """
    invitation = lock_open_invitation(invitation.pk)
    company = _lock_company_of(invitation, by=by)
    if not _is_the_teams(invitation):
        revoke_invitation(invitation=invitation, by=by, at=at)
        return
    invitation.company = None
    invitation.save(update_fields=["company"])
    _record(invitation, "company taken off invitation", company, by=by, at=at)


def _lock_company_of(invitation: Invitation, *, by: User) -> Company:
    if invitation.company is None:  # somebody was quicker to take the company off
        raise InvitationRevoked
    return lock_managed(invitation.company, by=by)


def _refuse_other_company(company: Company, email: str, *, at: datetime) -> None:
    invited = Invitation.objects.open().filter(
        kind=Invitation.Kind.MEMBER,
        email__iexact=email,
        expires_at__gt=at,
        company__state=Company.State.OPEN,
    )
    if invited.exclude(company=company).exists():
        raise InvitedElsewhere(email=email)


def _is_the_teams(invitation: Invitation) -> bool:
    return not invitation.invited_by or (
        Role.objects.filter(location=invitation.location, user=invitation.invited_by).exists()
    )


def _record(
    invitation: Invitation, action: str, company: Company, *, by: User, at: datetime
) -> None:
    record_audit(
        location=invitation.location,
        by=by,
        action=action,
        subject=f"invitation {invitation.pk}",
        at=at,
        after={"email": invitation.email, "company": company.pk},
    )
