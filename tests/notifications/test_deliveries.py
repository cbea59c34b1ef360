"""What is told reaches each device and mailbox once, or says why it did not."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from unittest.mock import patch

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from community.models import Member, Role
from notifications.models import Channel, Delivery, Notification, PushSubscription
from notifications.services import choose_preferences
from notifications.services.delivering import LAST_ATTEMPT, plan_deliveries
from notifications.tasks import send_notifications, sweep_deliveries
from tests.factories import NOON, LocationFactory, company_of

SECOND = timedelta(seconds=1)
ADMINS = {"name": "Tom", "amount_minor": 1200, "currency": "EUR", "number": 3, "reference": "R"}


def send(at=NOON):
    with time_machine.travel(at, tick=False):
        return send_notifications()


def only():
    return Delivery.objects.get()


def ended(delivery):
    return delivery.state, delivery.reason


def test_a_push_says_title_text_and_link_and_nothing_else(location, mia, device, news, service):
    phone = device(mia.user)
    news(mia.user)

    send()

    assert phone.got == [
        {
            "title": "10 credits added",
            "text": "Harbour Loft · Balance 52",
            "link": f"/{location.slug}/membership/credits/",
        }
    ]
    ((_path, headers, claims),) = service.requests
    assert (headers["Content-Encoding"], headers["TTL"]) == ("aes128gcm", "86400")
    assert (claims["aud"], claims["sub"]) == (service.url, "mailto:deskmint@localhost")
    assert NOON.timestamp() < claims["exp"] <= (NOON + timedelta(hours=24)).timestamp()
    assert ended(only()) == ("sent", "")


def test_it_speaks_the_readers_language_at_the_locations_hour(location, mia, device, news):
    location.time_zone = "Pacific/Auckland"
    location.save()
    mia.user.language = "de"
    mia.user.save()
    seen = {}

    def look(_claimed, words, **_more):
        from django.utils import timezone, translation  # noqa: PLC0415

        seen.update(language=translation.get_language(), zone=timezone.get_current_timezone_name())
        return True

    device(mia.user)
    news(mia.user)
    with patch("notifications.services.delivering._push", look):
        send()

    assert seen == {"language": "de", "zone": "Pacific/Auckland"}


def test_every_device_gets_it_once_however_often_it_is_told_and_sent(mia, device, news):
    phone, desk = device(mia.user, "phone"), device(mia.user, "desk")

    for _again in range(3):
        news(mia.user)
        send()

    assert (len(phone.got), len(desk.got)) == (1, 1)


def test_planning_many_is_one_statement(mia, device, news):
    device(mia.user)
    for number in range(30):
        news(mia.user, key=str(number))

    with CaptureQueriesContext(connection) as asked:
        assert plan_deliveries(at=NOON) == 30

    assert len(asked) == 1
    assert Delivery.objects.count() == 30
    assert plan_deliveries(at=NOON) == 0


def test_old_news_are_listed_and_not_sent(mia, device, news):
    device(mia.user)
    news(mia.user)

    send(at=NOON + timedelta(hours=25))

    assert not Delivery.objects.exists()
    assert Notification.objects.get().planned_at


def test_all_active_members_of_a_company_hear_of_its_credits(location, mia, device, news):
    company = company_of(mia, name="Studio North")
    phone = device(mia.user)
    news(mia.user, company="Studio North", company_id=company.pk, credits="50.00")

    send()

    _joined, said = phone.got
    assert said["title"] == "Studio North got 50 credits"
    assert said["link"] == f"/{location.slug}/membership/companies/{company.pk}/credits/"


def leaves(mia, _phone):
    Member.objects.filter(pk=mia.pk).update(state="left")


def is_suspended(mia, _phone):
    Member.objects.filter(pk=mia.pk).update(state="suspended")


def signs_out(_mia, phone):
    Session.objects.filter(session_key=phone.session_key).delete()


def sign_in_ends(_mia, phone):
    Session.objects.filter(session_key=phone.session_key).update(expire_date=NOON)


def changes_password(mia, _phone):
    mia.user.set_password("another-long-passphrase")
    mia.user.save()


def silences(mia, _phone):
    choose_preferences(user_id=mia.user_id, wanted={("credits_added", Channel.PUSH): False})


def account_closes(mia, _phone):
    mia.user.is_active = False
    mia.user.save()


def turns_off(_mia, phone):
    PushSubscription.objects.filter(pk=phone.row.pk).update(
        ended_at=NOON, endpoint="", p256dh="", auth="", session_key=""
    )


def leaves_company(_mia, _phone):
    Notification.objects.update(facts={"credits": "1", "balance": "1", "company_id": -1})


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (leaves, "not_active"),
        (is_suspended, "not_active"),
        (signs_out, "signed_out"),
        (sign_in_ends, "signed_out"),
        (changes_password, "signed_out"),
        (silences, "silenced"),
        (account_closes, "closed"),
        (turns_off, "device_gone"),
        (leaves_company, "left_company"),
    ],
)
def test_what_changed_meanwhile_is_read_anew(mia, device, news, happens, reason):
    phone = device(mia.user)
    news(mia.user)
    plan_deliveries(at=NOON)

    happens(mia, phone)
    send()

    assert ended(only()) == ("dropped", reason)
    assert phone.got == []


def test_a_session_of_somebody_else_is_no_sign_in(mia, device, news, outsider):
    phone = device(mia.user)
    other = device(outsider, "other")
    PushSubscription.objects.filter(pk=phone.row.pk).update(session_key=other.session_key)
    news(mia.user)

    send()

    assert ended(only()) == ("dropped", "signed_out")


def test_who_runs_the_location_no_more_hears_nothing(location, admin, device, news):
    phone = device(admin)
    news(admin, kind="transfer_ordered", **ADMINS)
    plan_deliveries(at=NOON)
    Role.objects.filter(user=admin).update(kind="staff")

    send()

    assert ended(only()) == ("dropped", "no_role")
    assert phone.got == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten(mia, device, news, status):
    phone = device(mia.user, f"phone-{status}")
    news(mia.user)

    send()

    assert ended(only()) == ("dropped", "device_gone")
    phone.row.refresh_from_db()
    assert phone.row.ended_at == NOON
    assert (phone.row.endpoint, phone.row.p256dh, phone.row.session_key) == ("", "", "")


@pytest.mark.parametrize(("status", "pause"), [(429, 120), (500, 120), (503, 120)])
def test_a_service_that_is_busy_is_asked_again_when_it_says(mia, device, news, status, pause):
    phone = device(mia.user, f"phone-{status}")
    news(mia.user)
    send()
    waiting = only()
    assert (waiting.state, waiting.trouble) == ("owed", f"HTTP {status}")
    assert waiting.next_try_at == NOON + pause * SECOND

    PushSubscription.objects.update(endpoint=f"{phone.endpoint}-well")
    phone.got.clear()
    assert send(at=NOON + (pause - 1) * SECOND) == 0


@pytest.mark.parametrize("status", [301, 302, 400, 403, 413])
def test_a_refusal_or_a_redirect_is_the_end(mia, device, news, service, status):
    device(mia.user, f"phone-{status}")
    news(mia.user)

    send()

    assert ended(only()) == ("failed", "refused")
    assert only().trouble == f"HTTP {status}"
    assert len(service.requests) == 1


def test_a_service_that_is_not_there_is_given_up_after_hours(mia, device, news):
    phone = device(mia.user)
    PushSubscription.objects.filter(pk=phone.row.pk).update(endpoint="http://127.0.0.1:9/x")
    news(mia.user)
    at, tries = NOON, 0

    while (delivery := Delivery.objects.first()) is None or delivery.state == "owed":
        at = delivery.next_try_at if delivery else at
        send(at=at)
        tries += 1

    assert ended(delivery) == ("failed", "tried_enough")
    assert tries == LAST_ATTEMPT
    assert timedelta(hours=3) < at - NOON < timedelta(hours=12)


def test_no_answer_is_no_second_try(mia, device, news, service):
    device(mia.user, "hang")
    news(mia.user)

    with patch("notifications.services.outside.CALL_SECONDS", 0.05):
        send()

    assert ended(only()) == ("failed", "unknown")


def test_a_worker_that_died_leaves_a_reason(mia, device, news):
    device(mia.user)
    news(mia.user)
    with patch("notifications.tasks.deliver", side_effect=SystemExit), pytest.raises(SystemExit):
        send()
    assert only().state == "sending"

    for minutes, state in ((9, "sending"), (11, "failed")):
        with time_machine.travel(NOON + timedelta(minutes=minutes)):
            sweep_deliveries()
            send_notifications()
        assert only().state == state
    assert only().reason == "unknown"


def test_a_bug_about_one_does_not_keep_the_others(mia, device, news):
    phone = device(mia.user)
    news(mia.user, credits="nonsense")
    news(mia.user, key="2")

    send()

    assert len(phone.got) == 1
    assert sorted(map(ended, Delivery.objects.all())) == [("failed", "unknown"), ("sent", "")]


def test_a_mail_has_the_locations_name_and_a_way_out_of_its_kind(location, mia, client, news):
    location.sender_name, location.reply_to = "Harbour, Front desk", "desk@harbour.test"
    location.save()
    news(mia.user, kind="credits_deducted", reason="Lost key")

    send()

    (message,) = mail.outbox
    assert message.to == ["mia@h.test"]
    assert message.from_email == '"Harbour, Front desk" <deskmint@localhost>'
    assert message.reply_to == ["desk@harbour.test"]
    assert message.subject == "10 credits deducted · Harbour Loft"
    assert "Lost key · Balance 52" in message.body
    ((html, kind),) = message.alternatives
    assert (kind, "Lost key · Balance 52" in html) == ("text/html", True)
    assert f"http://127.0.0.1:8000/{location.slug}/membership/credits/" in message.body
    way_out = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert way_out in message.body

    page = client.get(way_out).content.decode()
    assert "Stop emails “Credits deducted”?" in page
    assert client.post(way_out, {"List-Unsubscribe": "One-Click"}).status_code == 200
    news(mia.user, key="2", kind="credits_deducted", reason="Lost key")
    news(mia.user, key="3", kind="credits_lapsing", last_day="2026-12-01")
    send()
    assert [it.subject for it in mail.outbox[1:]] == ["10 credits about to lapse · Harbour Loft"]


def test_a_mail_server_that_is_down_gets_the_same_mail_later(mia, news):
    news(mia.user, kind="credits_deducted")
    server = "django.core.mail.backends.locmem.EmailBackend.send_messages"
    with patch(server, side_effect=ConnectionRefusedError("down")):
        send()
    assert (only().state, only().trouble) == ("owed", "down")

    send(at=NOON + 30 * SECOND)

    assert len(mail.outbox) == 1
    assert only().state == "sent"


def test_a_mailbox_that_refuses_for_good_is_not_asked_again(mia, news):
    news(mia.user, kind="credits_deducted")
    server = "django.core.mail.backends.locmem.EmailBackend.send_messages"
    refusal = SMTPRecipientsRefused({"mia@h.test": (550, b"no such user")})

    with patch(server, side_effect=refusal):
        send()

    assert ended(only()) == ("failed", "refused")


def test_locations_do_not_mix(location, mia, device, news):
    elsewhere = LocationFactory(name="Elsewhere")
    phone = device(mia.user)
    news(mia.user, place=elsewhere)  # where she is nothing

    send()

    assert phone.got == []
