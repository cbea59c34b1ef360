"""Webhooks: told once it happened, signed, to the open internet only, and again until taken."""

import hmac
import json
import socket
import threading
from base64 import b64decode, b64encode
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from credits.services.restoring import reverse_spend
from notifications.models import Notification, WebhookDelivery, WebhookEndpoint, WebhookEvent
from notifications.services.calling import AddressUnfit, Answer, Message, call_endpoint
from notifications.services.endpoints import (
    OLD_SECRETS_FOR,
    AddressIsTold,
    TooManyEndpoints,
    add_endpoint,
    disable_endpoint,
    enable_endpoint,
    remove_endpoint,
    rotate_secret,
    signing_secrets,
)
from notifications.services.webhooks import (
    CLAIMED_FOR,
    KEPT_FOR,
    TRIED_FOR,
    EndpointIsDisabled,
    claim_webhook,
    forget_old_webhooks,
    message_of,
    note_answer,
    replay_delivery,
)
from notifications.statements import LOCK_DUE_ENDPOINT
from notifications.tasks import plan_webhooks, send_webhooks
from tests.api.receiver import SECRET
from tests.api.test_api_docs import blocks
from tests.credits.test_spend_credits import spend
from tests.notifications.books import webhook_told

OTHER = "whsec_" + b64encode(b"o" * 32).decode()


def signed_by(secret, headers, body):
    key = b64decode(secret.removeprefix("whsec_"))
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + b64encode(hmac.new(key, said, sha256).digest()).decode()


def test_what_happens_is_told_signed_and_as_the_api_has_it(endpoint, receiver, mia, add_credits):
    add_credits(mia, "10")
    spent = spend(mia.customer, 2)
    reverse_spend(spend=spent, key="back", at=now())

    send_webhooks()

    told = [json.loads(body) for _headers, body in receiver.calls]
    assert [it["type"] for it in told] == ["credits.added", "credits.spent", "credits.reversed"]
    assert (told[1]["data"]["id"], told[1]["data"]["credits"]) == (spent.pk, "-2.00")
    for headers, body in receiver.calls:
        assert headers["webhook-signature"] == signed_by(SECRET, headers, body)
    assert {it.state for it in WebhookDelivery.objects.all()} == {"sent"}
    send_webhooks()
    assert len(receiver.calls) == 3


def test_the_docs_tell_our_messages_from_others(endpoint, receiver, mia, add_credits):
    docs = {}
    exec(blocks("webhooks.md", "python")[0], docs)
    add_credits(mia, "10")
    send_webhooks()
    ((headers, body),) = receiver.calls

    def is_ours(secret=SECRET, body=body, **other):
        return docs["is_from_deskmint"](secret, headers | other, body)

    assert is_ours()
    assert not is_ours(secret=OTHER)
    assert not is_ours(body=body + b" ")
    old = str(int(headers["webhook-timestamp"]) - 301)
    message = headers | {"webhook-timestamp": old}
    signature = signed_by(SECRET, message, body)
    assert not is_ours(**{"webhook-timestamp": old, "webhook-signature": signature})


def test_what_is_undone_is_not_told(endpoint, receiver, mia, add_credits):
    with transaction.atomic():
        add_credits(mia, "10")
        transaction.set_rollback(True)

    assert WebhookEvent.objects.count() == 0


def test_what_nobody_hears_is_not_noted(endpoint, admin, mia, add_credits):
    WebhookEndpoint.objects.update(events=["bill.paid"])
    add_credits(mia, "10")
    WebhookEndpoint.objects.update(events=["credits.added"])
    disable_endpoint(endpoint=endpoint, by=admin, at=now())
    add_credits(mia, "10")

    assert WebhookEvent.objects.count() == 0


def test_what_cannot_be_put_together_holds_up_nothing_else(
    endpoint, receiver, location, mia, add_credits, caplog
):
    WebhookEvent.objects.create(location=location, kind="credits.added", subject_id=0)
    add_credits(mia, "10")

    send_webhooks()

    assert len(receiver.calls) == 1
    assert WebhookEvent.objects.filter(planned_at=None).count() == 1


def try_once(at):
    """A worker's work on what is due, without its threads."""
    delivery = claim_webhook(at=at)
    if delivery is None:
        return None
    note_answer(delivery=delivery, answer=call_endpoint(message_of(delivery, at=at)), at=at)
    delivery.refresh_from_db()
    return delivery


def test_what_is_not_taken_is_tried_again_for_three_days_and_then_no_more(
    endpoint, receiver, admin, mia, add_credits
):
    receiver.answer = 302  # never followed
    add_credits(mia, "10")
    send_webhooks()
    delivery, at = WebhookDelivery.objects.get(), now()
    while delivery.state == "owed":
        endpoint.refresh_from_db()
        at = max(delivery.next_try_at, endpoint.next_call_at)
        assert try_once(at - timedelta(seconds=1)) is None
        delivery = try_once(at)

    assert (delivery.state, delivery.status) == ("failed", 302)
    assert at >= delivery.created_at + TRIED_FOR
    assert delivery.attempts == len(receiver.calls) < 30
    assert len({headers["webhook-id"] for headers, _body in receiver.calls}) == 1
    endpoint.refresh_from_db()
    assert endpoint.disabled_at
    assert Notification.objects.get(kind="webhook_disabled").user == admin


def test_an_endpoint_that_fails_is_left_alone_and_then_told_all(
    endpoint, receiver, mia, add_credits
):
    receiver.answer = 500
    add_credits(mia, "10")
    spend(mia.customer, 2)
    send_webhooks()
    assert len(receiver.calls) == 1

    receiver.answer = 200
    later = now() + timedelta(minutes=1)
    assert [try_once(later).state, try_once(later).state] == ["sent", "sent"]
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_an_endpoint_that_is_gone_is_called_no_more(endpoint, receiver, mia, add_credits):
    receiver.answer = 410
    add_credits(mia, "10")

    send_webhooks()

    endpoint.refresh_from_db()
    assert endpoint.disabled_at
    assert Notification.objects.get().facts["is_gone"]


def test_a_claim_of_a_worker_that_died_lapses(endpoint, receiver, mia, add_credits):
    add_credits(mia, "10")
    plan_webhooks()
    dead = claim_webhook(at=now())
    assert claim_webhook(at=now()) is None

    at = now() + CLAIMED_FOR
    assert try_once(at).state == "sent"
    note_answer(delivery=dead, answer=Answer(500), at=at)
    assert WebhookDelivery.objects.get().state == "sent"
    assert receiver.calls[0][0]["webhook-id"] == dead.event.message_id


def test_a_delivery_is_replayed_under_its_id(endpoint, receiver, admin, mia, add_credits):
    receiver.answer = 500
    add_credits(mia, "10")
    send_webhooks()
    delivery = WebhookDelivery.objects.get()

    receiver.answer = 200
    replay_delivery(delivery=delivery, by=admin, at=now())
    send_webhooks()

    (first, _), (again, _) = receiver.calls
    assert first["webhook-id"] == again["webhook-id"]
    disable_endpoint(endpoint=endpoint, by=admin, at=now())
    with pytest.raises(EndpointIsDisabled):
        replay_delivery(delivery=delivery, by=admin, at=now())


def test_what_was_owed_is_sent_when_it_is_enabled_again(
    endpoint, receiver, admin, mia, add_credits
):
    add_credits(mia, "10")
    plan_webhooks()
    disable_endpoint(endpoint=endpoint, by=admin, at=now())
    send_webhooks()
    assert receiver.calls == []

    enable_endpoint(endpoint=endpoint, by=admin, at=now())
    send_webhooks()

    assert len(receiver.calls) == 1


def test_what_a_removed_endpoint_was_owed_is_given_up(endpoint, admin, mia, add_credits):
    add_credits(mia, "10")
    plan_webhooks()

    remove_endpoint(endpoint=endpoint, by=admin, at=now())

    assert WebhookDelivery.objects.get().state == "failed"
    assert claim_webhook(at=now()) is None


def test_an_endpoint_is_claimed_with_the_oldest_it_is_owed(endpoint, mia, add_credits):
    add_credits(mia, "10")
    spend(mia.customer, 2)
    plan_webhooks()
    late = WebhookDelivery.objects.latest("pk")
    WebhookDelivery.objects.filter(pk=late.pk).update(next_try_at=now() - timedelta(hours=1))

    assert claim_webhook(at=now()) == late


def test_what_a_resting_endpoint_is_owed_is_not_walked(endpoint, location, admin, mia, add_credits):
    for number in range(50):
        add_credits(mia, key=f"added:{number}")
    plan_webhooks()
    webhook_told(location, admin, now())
    at = now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(next_call_at=at + timedelta(minutes=1))

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as with rows in their thousands
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {LOCK_DUE_ENDPOINT}", {"at": at})
        ((plans,),) = cursor.fetchall()

    assert 0 < deliveries_read(plans[0]["Plan"]) < 5
    assert claim_webhook(at=at).endpoint != endpoint


def deliveries_read(plan):
    below = sum(map(deliveries_read, plan.get("Plans", [])))
    if plan.get("Relation Name") != WebhookDelivery._meta.db_table:
        return below
    passed = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return below + passed * plan["Actual Loops"]


def test_for_a_day_both_secrets_sign(endpoint, receiver, admin, mia, add_credits):
    at = now()
    rotate_secret(endpoint=endpoint, secret=OTHER, by=admin, at=at)
    add_credits(mia, "10")
    send_webhooks()

    headers, body = receiver.calls[0]
    signatures = headers["webhook-signature"].split()
    assert signatures == [signed_by(OTHER, headers, body), signed_by(SECRET, headers, body)]
    endpoint.refresh_from_db()
    assert signing_secrets(endpoint, at=at + OLD_SECRETS_FOR) == [OTHER]


def test_an_address_is_told_once_and_there_are_ten_at_most(endpoint, receiver, location, admin):
    def add(url):
        return add_endpoint(
            location=location, url=url, events=["bill.paid"], secret=SECRET, by=admin, at=now()
        )

    with pytest.raises(AddressIsTold):
        add(receiver.url)
    for number in range(9):
        add(f"https://desk-{number}.example/")
    with pytest.raises(TooManyEndpoints):
        add("https://desk-10.example/")
    remove_endpoint(endpoint=endpoint, by=admin, at=now())
    add(receiver.url)


def test_the_log_is_forgotten_after_a_month(endpoint, receiver, mia, add_credits):
    add_credits(mia, "10")
    send_webhooks()

    forget_old_webhooks(at=now() + KEPT_FOR - timedelta(minutes=1))
    assert WebhookDelivery.objects.count() == 1
    forget_old_webhooks(at=now() + KEPT_FOR)
    assert WebhookDelivery.objects.count() == WebhookEvent.objects.count() == 0


def test_secrets_are_not_readable_in_the_database(endpoint):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM notifications_webhookendpoint")
        assert SECRET not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://127.0.0.1/hook",
        "https://user@example.com/",
        "ftp://example.com/",
        "https:///hook",
        "https://[::1",
        "https://localhost:99999/",
        "https://desk.example/\u00e9t\u00e9",
        "https://desk.example/a b",
        f"https://{'a' * 64}.example/",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(location, admin, url):
    with pytest.raises(AddressUnfit):
        add_endpoint(
            location=location, url=url, events=["bill.paid"], secret=SECRET, by=admin, at=now()
        )


def message(url):
    return Message(url=url, secrets=[SECRET], message_id="msg_1", body=b"{}", at=now())


def test_a_receiver_that_drips_is_cut_off(settings):
    """Each byte would begin a socket's own time-out anew."""
    settings.CALL_LOOPBACK = True
    with socket.create_server(("127.0.0.1", 0)) as server, stopped() as is_over:
        drip = threading.Thread(target=drip_an_answer, args=[server, is_over], daemon=True)
        drip.start()
        with patch("notifications.services.outside.CALL_SECONDS", 0.5):
            answer = call_endpoint(message(f"http://127.0.0.1:{server.getsockname()[1]}/"))

    assert answer == Answer(None, "silent")


@contextmanager
def stopped():
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


def drip_an_answer(server, is_over):
    line, _who = server.accept()
    with line, suppress(OSError):
        while not is_over.wait(0.1):
            line.sendall(b"H")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "169.254.169.254",
        "192.168.1.1",
        "::1",
        "::ffff:10.0.0.5",
        "fd00::1",
        "0.0.0.0",
        "100.64.0.1",
    ],
)
def test_a_name_that_leads_inside_is_never_connected_to(monkeypatch, address):
    """Looked at in the moment of connecting: a name may lead elsewhere than when it was saved."""
    asked = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", (address, 443))])
    monkeypatch.setattr("socket.create_connection", lambda *a, **_k: asked.append(a))

    answer = call_endpoint(message("https://rebinding.example/"))

    assert answer == Answer(None, "inside")
    assert asked == []
