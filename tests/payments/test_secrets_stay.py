"""A canary for each secret: it must not be found anywhere but in the connection itself."""

import traceback

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection as database
from django.urls import reverse
from django_scopes import scope

from payments.gateways.protocol import Credentials, GatewayUnavailable, KeyRefused, Webhook
from payments.models import GatewayConnection
from payments.services.connecting import connect_gateway, gateway_of
from tests.community.settings_pages import confirmed
from tests.factories import NOON, UserFactory, with_second_factor

CANARIES = ("rk_test_canaryzzzz", "whsec_canaryzzzz")
ENDING = "zzzz"
KEYS = {"publishable_key": "pk_test_shown", "secret_key": CANARIES[0]}


def sings(text):
    return [canary for canary in CANARIES if canary in text]


@pytest.fixture
def connected(location, admin, fake_gateway, monkeypatch):
    monkeypatch.setattr(
        fake_gateway, "create_webhook", lambda **_facts: Webhook("we_1", CANARIES[1])
    )
    return connect_gateway(location=location, gateway="stripe", by=admin, at=NOON, **KEYS)


@pytest.fixture
def settings_page(location):
    return reverse("community:settings_stripe", args=[location.slug])


def dump():
    """Every row of every table as text, as a dump of the database has it."""
    parts = []
    with database.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")
            parts += [row for (row,) in cursor.fetchall()]
    return "\n".join(parts)


def test_the_canaries_are_there_to_be_found(connected):
    row = GatewayConnection.objects.get()

    assert (row.secret_key, row.webhook_secret) == CANARIES


def test_a_dump_has_no_secret(connected):
    assert connected.account in dump()
    assert sings(dump()) == []


def test_pages_show_the_ending_alone(connected, location, admin, signed_in, settings_page):
    browser = signed_in(admin)
    pages = [
        settings_page,
        reverse("community:stripe_health", args=[location.slug]),
        reverse("community:settings_payments", args=[location.slug]),
        reverse("community:home", args=[location.slug]),
    ]
    texts = [browser.get(page).content.decode() for page in pages]

    assert ENDING in texts[0]
    assert [sings(text) for text in texts] == [[]] * len(texts)


def test_what_was_typed_is_not_shown_again_when_it_is_refused(
    location, admin, signed_in, settings_page, fake_gateway
):
    fake_gateway.key_refused = KeyRefused("secret_key", "key_unknown")

    response = signed_in(admin).post(settings_page, KEYS)

    assert KEYS["publishable_key"] in response.content.decode()
    assert sings(response.content.decode()) == []


def test_exports_and_the_operator_s_admin_have_no_secret(connected, location, admin, client):
    client.force_login(admin)
    exported = reverse("community:export", args=[location.slug, "members", "csv"])
    texts = [b"".join(client.get(exported)).decode()]
    client.force_login(with_second_factor(UserFactory(is_staff=True, is_superuser=True)))
    with scope(location=None):
        row = connected.pk
    for name, args in (("changelist", []), ("change", [row])):
        page = reverse(f"admin:payments_gatewayconnection_{name}", args=args)
        texts.append(client.get(page).content.decode())

    assert connected.account in texts[1]
    assert [sings(text) for text in texts] == [[]] * len(texts)


def test_logs_and_errors_have_no_secret(
    connected, admin, signed_in, settings_page, fake_gateway, monkeypatch, capfd, caplog
):
    def break_down(**_facts):
        raise GatewayUnavailable("the line is dead")

    browser = confirmed(signed_in(admin))
    monkeypatch.setattr(fake_gateway, "check_keys", break_down)
    response = browser.post(settings_page, KEYS)
    monkeypatch.setattr(fake_gateway, "check_keys", lambda **_facts: 1 / 0)
    browser.raise_request_exception = False
    crash = browser.post(settings_page, KEYS)

    assert crash.status_code == 500
    heard = capfd.readouterr()
    told = [response.content.decode(), crash.content.decode(), heard.out, heard.err, caplog.text]
    assert "ZeroDivisionError" in caplog.text
    assert [sings(text) for text in told] == [[]] * len(told)


def test_a_traceback_that_prints_its_variables_has_no_secret(connected):
    held = (
        Credentials("acct_1", "pk_test_1", CANARIES[0], "https://api.test"),
        Webhook("we_1", CANARIES[1]),
        gateway_of(connected),
        connected,
    )
    try:
        _fail_with(held)
    except ZeroDivisionError as error:
        told = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )

    assert "acct_1" in told
    assert sings(told) == []


def _fail_with(held):
    return len(held) / 0


def test_a_fixture_is_encrypted_and_can_be_loaded_again(connected, tmp_path):
    path = tmp_path / "dump.json"

    call_command("dumpdata", "payments.gatewayconnection", output=str(path), verbosity=0)
    assert connected.account in path.read_text()
    assert sings(path.read_text()) == []

    call_command("loaddata", str(path), verbosity=0)
    row = GatewayConnection.objects.get()
    assert (row.secret_key, row.webhook_secret) == CANARIES
