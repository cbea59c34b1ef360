"""Each kind is in the table once, and can be said in full by push and mail."""

import pytest
from django.core import mail
from django.utils.timezone import now

from community.models import Member
from notifications.kinds import KINDS, Told
from notifications.models import Channel, Notification
from notifications.services import choose_preferences
from notifications.tasks import send_notifications
from tests.factories import RoleFactory

# Of every kind the facts that its words take.
FACTS = {
    "credits": "10.00",
    "balance": "52.00",
    "below": "60.00",
    "reason": "Lost key",
    "plan": "Flex",
    "company": "Studio North",
    "company_id": None,
    "last_day": "2026-12-01",
    "due_on": "2026-12-06",
    "paid_on": "2026-12-04",
    "amount_minor": 7200,
    "currency": "EUR",
    "bill": 7,
    "number": 3,
    "purchase": "6f6b5c1e-3f77-4a55-8a0c-0d3f0b0f8a11",
    "name": "Tom Reyes",
    "reference": "RF18 5390",
    "gateway": "Stripe",
    "condition": "mismatch",
    "owed": "2.00",
    "what": "refund_taken",
    "member_id": 7,
    "endpoint_id": 7,
    "url": "https://desk.example/hook",
}


def test_every_kind_is_in_the_table():
    assert set(KINDS) == set(Notification.Kind.values), "add it to a list in notifications/kinds/"


@pytest.mark.parametrize("kind", Notification.Kind.values)
def test_every_kind_has_words(kind):
    words = KINDS[kind].words(Told(slug="loft", place="Loft", facts=FACTS))

    assert words.title
    assert words.link.startswith("/loft/")
    assert "%(" not in f"{words.title}{words.text}{words.subject}{words.letter}"


def test_whatever_is_about_money_stays_listed():
    about_money = [it for it in KINDS.values() if it.group in {"credits", "bills"}]
    may_go = {it.kind for it in about_money if not it.stays}

    assert may_go == {"credits_lapsing", "balance_low"}
    assert all(it.is_wanted(Channel.APP, said=False) for it in about_money if it.stays)


@pytest.mark.parametrize("kind", Notification.Kind.values)
def test_every_kind_arrives_by_each_of_its_ways(location, mia, device, news, kind):
    about = KINDS[kind]
    RoleFactory(location=location, user=mia.user)
    Member.objects.update(state="active")
    choose_preferences(
        user_id=mia.user_id, wanted={(kind, channel): True for channel in about.ways}
    )
    phone = device(mia.user)
    news(mia.user, kind=kind, at=now(), **FACTS)
    send_notifications()

    words = about.words(Told(slug=location.slug, place=location.name, facts=FACTS))
    if Channel.PUSH in about.ways:
        (said,) = phone.got
        assert set(said) == {"title", "text", "link"}
        assert (said["title"], said["link"]) == (words.title, words.link)
    if Channel.EMAIL in about.ways:
        (message,) = mail.outbox
        assert (words.subject or words.title) in message.subject
        assert words.link in message.body
