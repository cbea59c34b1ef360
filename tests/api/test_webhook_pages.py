"""Settings > API > Webhooks: added, its secret shown once, its log, and telling it again."""

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from community.models import AuditRecord
from notifications.models import WebhookDelivery, WebhookEndpoint
from tests.dialogs import asks_first
from tests.notifications.books import webhook_told

URL = "https://desk.example/hook"


@pytest.fixture
def go(client, admin, location):
    """Open or post to a page of webhooks as the admin."""
    client.force_login(admin)

    def at(name, *args, **sent):
        address = reverse(f"community:{name}", args=[location.slug, *args])
        return client.post(address, sent, follow=True) if sent else client.get(address)

    return at


def secret_on(response):
    return re.findall(r"whsec_[\w+/=]+", response.content.decode())


def test_a_secret_is_shown_once_and_each_new_one_once(go, location):
    made = go("add_webhook", url=URL, events=["bill.paid"])
    endpoint = WebhookEndpoint.objects.get()
    (first,) = secret_on(made)
    assert endpoint.secrets == first
    page = go("webhook", endpoint.pk)
    assert secret_on(page) == []
    assert asks_first(page, reverse("community:rotate_webhook", args=[location.slug, endpoint.pk]))

    (second,) = secret_on(go("rotate_webhook", endpoint.pk, yes=1))
    endpoint.refresh_from_db()
    assert endpoint.secrets.split() == [second, first]
    assert AuditRecord.objects.filter(action="webhook secret rotated").count() == 1


def test_the_audit_which_staff_read_names_no_address_in_full(go):
    go("add_webhook", url=f"{URL}/t0ken?key=t0ken", events=["bill.paid"])
    go("remove_webhook", WebhookEndpoint.objects.get().pk, yes=1)

    told = AuditRecord.objects.filter(subject__startswith="webhook ").order_by("pk")
    assert [it.action for it in told] == ["webhook added", "webhook removed"]
    assert {it.after["url"] for it in told} == {"https://desk.example"}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"url": "http://desk.example/"}, "Give an https address"),
        ({"url": "", "events": ["bill.paid"]}, "This field is required"),
        ({"url": URL, "events": ["bill.lost"]}, "not one of the available choices"),
        ({"url": URL}, "This field is required"),
    ],
)
def test_what_is_no_webhook_is_refused_at_its_field(go, sent, words):
    assert words in go("add_webhook", **sent).content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_it_is_disabled_enabled_and_removed(go, location, admin):
    told = webhook_told(location, admin, now())
    assert "Send again" in go("webhook", told.endpoint_id).content.decode()

    said = go("disable_webhook", told.endpoint_id, yes=1)
    assert "The webhook is disabled" in said.content.decode()
    said = go("replay_webhook", told.pk, yes=1)
    assert "Enable the webhook first" in said.content.decode()

    said = go("enable_webhook", told.endpoint_id, yes=1)
    assert "The webhook is enabled" in said.content.decode()
    go("replay_webhook", told.pk, yes=1)
    assert WebhookDelivery.objects.get().give_up_at > now()

    go("remove_webhook", told.endpoint_id, yes=1)
    assert go("webhook", told.endpoint_id).status_code == 404
    assert WebhookEndpoint.objects.get().disabled_at


def test_the_log_is_read_page_by_page(go, location, admin, django_assert_max_num_queries):
    told = webhook_told(location, admin, now())
    for _number in range(30):
        again = webhook_told_again(told)
    with django_assert_max_num_queries(20):
        shown = go("webhook", told.endpoint_id).content.decode()

    assert again.event.message_id in shown
    assert shown.count(">Send again<") == 25


def webhook_told_again(told):
    event = told.event
    event.pk = None
    event.save()
    return WebhookDelivery.objects.create(
        event=event,
        endpoint=told.endpoint,
        created_at=now(),
        next_try_at=now(),
        give_up_at=now(),
    )
