"""Mails about coming and going, each written and handed to the mail server at once."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from community.models import Location, User
from membership.services.invitations import note_invitation_sent, token_to_mail


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


def mail_news(*, location: Location, user: User, kind: str, reason: str) -> None:
    """Mail somebody what became of their request or their membership.

    :raises OSError: if the mail server doesn't take it
    """
    home = settings.BASE_URL + reverse("community:home", args=[location.slug])
    template = f"membership/mail/{kind}"
    send_mail(user.email, template, location, name=user.name, reason=reason, link=home)


def invitation_link(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('invitation', args=[token])}"


def send_mail(
    to: str,
    template: str,
    location: Location,
    *,
    attached: tuple[str, bytes, str] | None = None,
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> None:
    """Word a mail by its two templates and hand it to the mail server.

    :param attached: the file's name, content and type
    :raises OSError: if the mail server doesn't take it
    """
    context = {"location": location, **facts}
    with timezone.override(location.zone):
        words = render_to_string(f"{template}.txt", context)
        subject, _blank, text = words.strip().partition("\n\n")
        html = render_to_string(f"{template}.html", context)
    mail = EmailMultiAlternatives(
        " ".join(subject.split()), text.lstrip(), to=[to], headers=headers
    )
    mail.attach_alternative(html, "text/html")
    if attached:
        mail.attach(*attached)
    mail.send()
