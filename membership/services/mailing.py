"""The mails of invitations, each written and handed to the mail server at once."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from membership.services.invitations import note_invitation_sent, token_to_mail
from notifications.services.mailing import send_mail


def mail_invitation(*, invitation_id: int, at: datetime) -> None:
    """Mail an invitation that waits for it. Twice is harmless: both mails carry one link.

    :raises OSError: if the mail server doesn't take it; it waits on
    """
    ready = token_to_mail(invitation_id=invitation_id, at=at)
    if ready is None:
        return
    invitation, token = ready
    send_mail(
        invitation.email,
        f"membership/mail/invitation_{invitation.kind}",
        invitation.location,
        name=invitation.name,
        by=invitation.invited_by,
        company=invitation.company,
        until=invitation.expires_at,
        link=invitation_link(token),
    )
    note_invitation_sent(invitation=invitation, at=at)


def invitation_link(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('invitation', args=[token])}"
