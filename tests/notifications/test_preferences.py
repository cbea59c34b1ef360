"""What a person wants to hear of, on its page, and what no choice can silence."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.timezone import now

from notifications.models import BalanceWish, Preference, PushSubscription
from notifications.services import choose_preferences, said_by
from notifications.services.preferring import read_unsubscribe_token, unsubscribe_token
from notifications.tasks import send_notifications
from tests.factories import RoleFactory
from tests.notifications.receiver import b64

ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"
KEYS = {"p256dh": b64(b"\4" + bytes(64)), "auth": b64(bytes(16))}


@pytest.fixture
def choices(location, mia, signed_in):
    browser = signed_in(mia.user)
    address = reverse("notifications:preferences", args=[location.slug])

    def visit(**boxes):
        return browser.post(address, boxes) if boxes else browser.get(address)

    return visit


def push(signed_in, location, user, name, **facts):
    address = reverse(f"notifications:{name}", args=[location.slug])
    return signed_in(user).post(address, facts)


def test_a_choice_per_kind_and_way_is_kept(choices, mia):
    before = choices().content.decode()
    assert 'aria-label="Credits about to lapse: Email" checked' in before
    assert "Transfer to confirm" not in before  # an admin's

    choices(**{"credits_lapsing.push": "on", "balance_low.app": "on"})

    said = said_by(mia.user_id)
    assert said["credits_lapsing", "push"] is True
    assert said["credits_lapsing", "email"] is False
    assert said["credits_lapsing", "app"] is False
    assert 'aria-label="Credits about to lapse: Email">' in choices().content.decode()


def test_what_is_about_money_stays_listed_whatever_is_sent(choices, mia, news, location, signed_in):
    choices(**{"credits_added.push": ""})
    choose_preferences(user_id=mia.user_id, wanted={("credits_added", "app"): False})
    news(mia.user)
    news(mia.user, key="2", kind="balance_low", below="60.00")

    listed = signed_in(mia.user).get(reverse("notifications:list", args=[location.slug]))

    assert "10 credits added" in listed.content.decode()
    assert "Your balance is down" not in listed.content.decode()
    assert 'data-count="1"' in listed.content.decode()
    assert not Preference.objects.filter(kind="credits_added", channel="app").exists()


def test_a_member_chooses_when_a_balance_is_low(choices, mia):
    choices(below="12.50")
    assert BalanceWish.objects.get(customer=mia.customer).below == Decimal("12.50")

    refused = choices(below="1e3")
    assert "Enter a number, like 10 or 2.5." in refused.content.decode()
    choices(below="")
    assert not BalanceWish.objects.exists()


def test_admins_choose_among_more(location, admin, signed_in):
    address = reverse("notifications:preferences", args=[location.slug])

    said = signed_in(admin).get(address).content.decode()

    assert "Transfer to confirm" in said
    assert "when my balance falls" not in said


def test_the_page_asks_as_much_for_many_words(choices, mia, django_assert_num_queries):
    choices()
    with django_assert_num_queries(7):
        choices()
    choices(**{"credits_added.push": "on"})

    with django_assert_num_queries(7):
        choices()


def test_a_forged_way_out_leads_nowhere(client, mia):
    token = unsubscribe_token(user_id=mia.user_id, kind="credits_added")

    assert read_unsubscribe_token(token) == (mia.user_id, "credits_added")
    assert client.post(reverse("unsubscribe", args=[f"{token}x"])).status_code == 404
    assert not Preference.objects.exists()


def test_a_browser_is_kept_once_and_belongs_to_who_came_last(location, mia, admin, signed_in):
    for user in (mia.user, mia.user, admin):
        answer = push(signed_in, location, user, "subscribe", endpoint=ENDPOINT, **KEYS)
        assert answer.status_code == 204

    live = PushSubscription.objects.live().get()
    assert (live.user, live.endpoint, live.p256dh) == (admin, ENDPOINT, KEYS["p256dh"])
    assert live.session_key
    assert set(PushSubscription.objects.exclude(pk=live.pk).values_list("endpoint")) == {("",)}


def test_a_browser_is_let_go_by_its_owner_only(location, mia, admin, signed_in):
    push(signed_in, location, mia.user, "subscribe", endpoint=ENDPOINT, **KEYS)

    push(signed_in, location, admin, "unsubscribe_device", endpoint=ENDPOINT)
    known = push(signed_in, location, admin, "refresh_device", endpoint=ENDPOINT)
    assert known.json() == {"known": False}
    assert PushSubscription.objects.live().get().user == mia.user

    push(signed_in, location, mia.user, "unsubscribe_device", endpoint=ENDPOINT)
    assert not PushSubscription.objects.live().exists()


def test_signing_in_again_on_a_known_browser_goes_on(location, mia, client, signed_in):
    push(signed_in, location, mia.user, "subscribe", endpoint=ENDPOINT, **KEYS)
    before = PushSubscription.objects.get().session_key
    client.logout()

    answer = push(signed_in, location, mia.user, "refresh_device", endpoint=ENDPOINT)

    assert answer.json() == {"known": True}
    assert PushSubscription.objects.get().session_key != before


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"endpoint": "https://10.0.0.1/x"}, "push service is not known"),
        ({"p256dh": "short"}, "no key of a browser"),
        ({"p256dh": "é" * 87}, "no key of a browser"),
        ({"auth": KEYS["p256dh"]}, "no key of a browser"),
        ({"auth": ""}, "This field is required."),
        ({"endpoint": f"{ENDPOINT}\0"}, "Null characters are not allowed."),
        ({"endpoint": ENDPOINT + "a" * 1000}, "at most 1000 characters"),
    ],
)
def test_what_no_browser_sends_is_refused_in_words(location, mia, signed_in, wrong, says):
    answer = push(
        signed_in, location, mia.user, "subscribe", **{"endpoint": ENDPOINT, **KEYS, **wrong}
    )

    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert not PushSubscription.objects.exists()


def test_one_person_has_twenty_devices_at_most(location, mia, signed_in):
    for number in range(22):
        endpoint = f"{ENDPOINT}{number}"
        push(signed_in, location, mia.user, "subscribe", endpoint=endpoint, **KEYS)

    live = PushSubscription.objects.live()
    assert live.count() == 20
    assert not live.filter(endpoint=f"{ENDPOINT}1").exists()


def test_the_bell_is_asked_by_one_small_query(
    location, mia, news, signed_in, django_assert_num_queries
):
    news(mia.user)
    browser = signed_in(mia.user)
    address = reverse("notifications:unread", args=[location.slug])
    browser.get(address)

    with django_assert_num_queries(4):  # session, person, place; then the count
        answer = browser.get(address).content.decode()

    assert 'data-count="1"' in answer
    assert "1 unread" in answer
    assert "<nav" not in answer


def test_the_worker_and_the_manifest_make_an_app(client, db):
    worker, manifest = client.get("/sw.js"), client.get("/manifest.webmanifest")

    assert worker["Content-Type"].startswith("text/javascript")
    assert "no-cache" in worker["Cache-Control"]
    assert "showNotification" in worker.content.decode()
    assert manifest["Content-Type"] == "application/manifest+json"
    told = manifest.json()
    assert (told["start_url"], told["display"]) == ("/", "standalone")
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}


def test_the_last_deliveries_are_an_admins_to_see(
    location, admin, mia, device, news, signed_in, django_assert_num_queries
):
    address = reverse("community:settings_deliveries", args=[location.slug])
    RoleFactory(location=location)
    assert "Nothing went out yet" in signed_in(admin).get(address).content.decode()
    device(mia.user, "phone-403")
    for number in range(3):
        news(mia.user, key=str(number), reason="Secret", at=now())
    send_notifications()

    browser = signed_in(admin)
    with django_assert_num_queries(6):
        said = browser.get(address).content.decode()

    assert said.count("HTTP 403") == 3
    assert "Mia Holm" in said
    assert "Given up" in said
    assert "It was refused" in said
    assert "Secret" not in said
    none = signed_in(admin).get(address, {"state": "sent"}).content.decode()
    assert "None is in this state." in none


def test_who_mails_are_from_is_changed_in_the_settings(location, admin, signed_in):
    address = reverse("community:settings_notifications", args=[location.slug])
    form = signed_in(admin).get(address).context["form"]

    wrong = signed_in(admin).post(address, {"version": form["version"].value(), "reply_to": "x"})
    assert "Enter a valid email address." in wrong.content.decode()
    signed_in(admin).post(
        address,
        {
            "version": form["version"].value(),
            "sender_name": "Front desk",
            "reply_to": "desk@harbour.test",
        },
    )

    location.refresh_from_db()
    assert (location.sender_name, location.reply_to) == ("Front desk", "desk@harbour.test")
