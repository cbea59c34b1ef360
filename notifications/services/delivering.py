"""From news to devices and mailboxes: planned once, claimed by one worker, sent once at most."""

from datetime import datetime, timedelta
from hashlib import sha256
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import override

from community.models import Location, User
from notifications.kinds import KINDS, About, Audience, Told, Words
from notifications.models import Channel, Delivery
from notifications.services.devices import end_devices
from notifications.services.mailing import send_mail
from notifications.services.preferring import unsubscribe_token
from notifications.services.push_services import UnknownPushService
from notifications.services.smtp import MailOutcomeUnknown
from notifications.services.web_push import (
    Device,
    DeviceGone,
    PushNotTaken,
    PushOutcomeUnknown,
    PushRefused,
    send_push,
)
from notifications.statements import (
    Claimed,
    claim_delivery,
    end_delivery,
    give_up_abandoned,
    insert_deliveries,
    put_delivery_off,
)

NEWS_AT_ONCE = 500
NEWS_FOR = timedelta(hours=24)  # older news, of an import or after a long halt, is only listed
ABANDONED_AFTER = timedelta(minutes=10)  # longer than any delivery takes
FIRST_PAUSE = timedelta(seconds=30)  # doubled with each failure
LONGEST_PAUSE = timedelta(hours=1)
LAST_ATTEMPT = 12  # after some six hours
TITLE_LENGTH, TEXT_LENGTH = 120, 300

Reason = Delivery.Reason
State = Delivery.State


def plan_deliveries(*, at: datetime) -> int:
    """Leave a delivery for each way that a reader of new news wants; gives of how many news."""
    ways = [
        (about.kind.value, channel.value, channel in about.by_default)
        for about in KINDS.values()
        for channel in about.ways - {Channel.APP}
    ]
    return insert_deliveries(ways=ways, since=at - NEWS_FOR, limit=NEWS_AT_ONCE, at=at)


def claim_next_delivery(*, at: datetime) -> Claimed | None:
    """Take a delivery that waits, at any location; nobody else gets it, even if we die."""
    return claim_delivery(at=at)


def give_up_what_was_abandoned(*, at: datetime) -> int:
    """End the deliveries of workers that died while they sent."""
    return give_up_abandoned(before=at - ABANDONED_AFTER, at=at)


def deliver(claimed: Claimed, *, at: datetime) -> bool:
    """Send what was claimed, if its reader still is to have it, and note what came of it.

    Call it with no transaction open. False: its server is in trouble, whatever becomes of it.
    """
    about = KINDS[claimed.kind]
    if reason := why_not(claimed, about, at=at):
        end_delivery(claimed, state=State.DROPPED, reason=reason, at=at)
        return True
    zone = Location(time_zone=claimed.time_zone).zone
    with override(claimed.language or claimed.locale), timezone.override(zone):
        words = about.words(Told(claimed.slug, claimed.place, claimed.facts))
        send = _push if claimed.channel == Channel.PUSH else _mail
        return send(claimed, words, at=at)


def why_not(claimed: Claimed, about: About, *, at: datetime) -> Reason | None:
    """Why it is not to be sent, by what is true now and not when it happened."""
    if not claimed.is_active:
        return Reason.CLOSED
    if not about.is_wanted(Channel(claimed.channel), said=claimed.said):
        return Reason.SILENCED
    if reason := _not_theirs(claimed, about):
        return reason
    if claimed.channel == Channel.PUSH:
        return _no_device(claimed, about, at=at)
    return None


def _not_theirs(claimed: Claimed, about: About) -> Reason | None:
    if about.audience == Audience.ADMINS:
        return None if claimed.role == "admin" else Reason.NO_ROLE
    if about.audience == Audience.PERSON:
        return None
    states = {"active"} if about.audience == Audience.ACTIVE else {"active", "suspended"}
    if claimed.member_state not in states:
        return Reason.NOT_ACTIVE
    roles = {"manager", "member"} if about.audience == Audience.ACTIVE else {"manager"}
    if claimed.facts.get("company_id") and claimed.company_role not in roles:
        return Reason.LEFT_COMPANY
    return None


def _no_device(claimed: Claimed, about: About, *, at: datetime) -> Reason | None:
    if not claimed.endpoint:
        return Reason.DEVICE_GONE
    if about.audience != Audience.ADMINS and claimed.member_state != "active":
        return Reason.NOT_ACTIVE
    return None if _is_signed_in(claimed, at=at) else Reason.SIGNED_OUT


def _is_signed_in(claimed: Claimed, *, at: datetime) -> bool:
    """Whether the device's session is there, is this person's, and outlived no password."""
    if not claimed.session_data or not claimed.session_expires or claimed.session_expires <= at:
        return False
    session = SessionStore().decode(claimed.session_data)
    user = User(pk=claimed.user_id, password=claimed.password)
    return session.get(SESSION_KEY) == str(claimed.user_id) and constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )


def _push(claimed: Claimed, words: Words, *, at: datetime) -> bool:
    assert claimed.endpoint
    assert claimed.p256dh
    assert claimed.auth
    try:
        send_push(
            Device(claimed.endpoint, claimed.p256dh, claimed.auth),
            title=words.title[:TITLE_LENGTH],
            text=" · ".join(filter(None, [claimed.place, words.text]))[:TEXT_LENGTH],
            link=words.link,
            at=at,
        )
    except PushNotTaken as trouble:
        pause = timedelta(seconds=trouble.after_seconds)
        put_off(claimed, trouble=str(trouble), at_least=pause, at=at)
        return False
    except DeviceGone as trouble:
        assert claimed.subscription_id
        end_devices([claimed.subscription_id], at=at)
        _end(claimed, State.DROPPED, Reason.DEVICE_GONE, trouble, at=at)
    except (PushRefused, UnknownPushService) as trouble:
        _end(claimed, State.FAILED, Reason.REFUSED, trouble, at=at)
    except PushOutcomeUnknown as trouble:
        _end(claimed, State.FAILED, Reason.UNKNOWN, trouble, at=at)
        return False
    else:
        end_delivery(claimed, state=State.SENT, at=at)
    return True


def _mail(claimed: Claimed, words: Words, *, at: datetime) -> bool:
    try:
        _send_mail(claimed, words)
    except SMTPRecipientsRefused as refusal:
        codes = [code for code, _said in refusal.recipients.values()]
        if all(code >= 500 for code in codes):  # noqa: PLR2004 - for good, by SMTP
            _end(claimed, State.FAILED, Reason.REFUSED, refusal, at=at)
            return True
        put_off(claimed, trouble=str(refusal), at=at)
        return False
    except MailOutcomeUnknown as trouble:
        _end(claimed, State.FAILED, Reason.UNKNOWN, trouble, at=at)
        return False
    except OSError as trouble:
        put_off(claimed, trouble=str(trouble), at=at)
        return False
    end_delivery(claimed, state=State.SENT, at=at)
    return True


def _send_mail(claimed: Claimed, words: Words) -> None:
    location = Location.objects.get(pk=claimed.location_id)
    token = unsubscribe_token(user_id=claimed.user_id, kind=claimed.kind)
    stop = settings.BASE_URL + reverse("unsubscribe", args=[token])
    whom = sha256(claimed.email.encode()).hexdigest()[:12]
    host = urlsplit(settings.BASE_URL).hostname
    send_mail(
        claimed.email,
        "notifications/mail/news",
        location,
        headers={
            "Message-ID": f"<news.{claimed.delivery_id}.{whom}@{host}>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        name=claimed.name,
        subject=words.subject or f"{words.title} · {claimed.place}",
        title=words.title,
        paragraphs=(words.letter or words.text).split("\n\n"),
        is_letter=bool(words.letter),
        link=settings.BASE_URL + words.link,
        stop=stop,
    )


def give_up(claimed: Claimed, *, trouble: str, at: datetime) -> None:
    """Something went wrong that nobody foresaw, before it was sent or after: not sent again."""
    _end(claimed, State.FAILED, Reason.UNKNOWN, trouble, at=at)


def put_off(
    claimed: Claimed, *, trouble: str, at_least: timedelta = timedelta(0), at: datetime
) -> None:
    """It was not taken: try it again after a pause that doubles, in the end no more."""
    if claimed.attempts >= LAST_ATTEMPT:
        _end(claimed, State.FAILED, Reason.TRIED_ENOUGH, trouble, at=at)
        return
    pause = min(max(FIRST_PAUSE * 2 ** (claimed.attempts - 1), at_least), LONGEST_PAUSE)
    put_delivery_off(claimed, trouble=trouble, until=at + pause)


def _end(claimed: Claimed, state: State, reason: Reason, trouble: object, *, at: datetime) -> None:
    end_delivery(claimed, state=state, reason=reason, trouble=str(trouble), at=at)
