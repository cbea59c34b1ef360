"""Mails in the location's name, worded by two templates."""

from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from community.models import Location


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
    :raises MailOutcomeUnknown: if the mail server may have taken it
    :raises OSError: if it did not take it; the other is one, too
    """
    context = {"location": location, **facts}
    with timezone.override(location.zone):
        words = render_to_string(f"{template}.txt", context)
        subject, _blank, text = words.strip().partition("\n\n")
        html = render_to_string(f"{template}.html", context)
    mail = EmailMultiAlternatives(
        " ".join(subject.split()),
        text.lstrip(),
        from_email=sender_of(location),
        to=[to],
        reply_to=[location.reply_to] if location.reply_to else None,
        headers=headers,
    )
    mail.attach_alternative(html, "text/html")
    if attached:
        mail.attach(*attached)
    mail.send()


def sender_of(location: Location) -> str:
    """The installation's address under the location's name: only that passes the checks of mail."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    name = location.sender_name or location.name
    return formataddr((" ".join(name.split()), address))
