import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from community.models import Member, User
from membership.services.invitations import invite
from tests.factories import UserFactory

SIGN_UP = "/accounts/signup/"
ADA = {"name": "Ada Okafor", "email": "ada@h.test", "password1": "a-long-passphrase"}


@pytest.fixture(autouse=True)
def limits_of_its_own(db):
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def another_browser():
    return Client()


def words(response):
    return response.content.decode()


def link_in(message):
    return re.search(r"http://[^/]+(/accounts/confirm-email/\S+)", message.body)[1]


def test_the_sign_in_page_leads_to_sign_up_and_keeps_the_way(client):
    page = words(client.get("/accounts/login/?next=/harbour/"))

    assert '/accounts/signup/?next=%2Fharbour%2F">Create an account</a>' in page


def test_an_account_opens_once_its_address_is_confirmed(client):
    response = client.post(SIGN_UP, {**ADA, "next": "/harbour/"}, follow=True)

    assert "Look at your email" in words(response)
    assert "_auth_user_id" not in client.session
    user = User.objects.get(email="ada@h.test")
    assert user.name == "Ada Okafor"

    confirm = link_in(mail.outbox[0])
    assert "Is ada@h.test yours?" in words(client.get(confirm))
    response = client.post(confirm)

    assert response.url == "/harbour/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_in_another_browser_the_link_confirms_but_signs_nobody_in(client, another_browser):
    client.post(SIGN_UP, ADA)

    another_browser.post(link_in(mail.outbox[0]))

    assert "_auth_user_id" not in another_browser.session
    assert EmailAddress.objects.get(email="ada@h.test").verified


def test_without_confirming_nobody_gets_in(client):
    client.post(SIGN_UP, ADA)
    client.cookies.clear()

    client.post("/accounts/login/", {"login": "ada@h.test", "password": ADA["password1"]})

    assert "_auth_user_id" not in client.session


def test_an_address_that_has_an_account_is_not_betrayed(client):
    UserFactory(email="ada@h.test")

    known = client.post(SIGN_UP, {**ADA, "email": "ADA@h.test"})
    client.cookies.clear()
    unknown = client.post(SIGN_UP, {**ADA, "email": "eve@h.test"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert User.objects.filter(email__iexact="ada@h.test").count() == 1
    assert mail.outbox[0].subject == "You have a Deskmint account already"
    assert "/accounts/password/reset/" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 151}, "at most 150 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"email": ""}, "This field is required."),
        ({"email": "ada"}, "Enter a valid email address."),
        ({"email": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.test"}, "at most"),
        ({"password1": ""}, "This field is required."),
        ({"password1": "short"}, "too short"),
        ({"password1": "password"}, "too common"),
        ({"password1": "p" * 5000}, "at most 200 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client, values, said):
    response = client.post(SIGN_UP, {**ADA, **values})

    assert said in words(response)
    assert not User.objects.exists()


def test_signing_up_is_limited_per_address_of_the_network(client):
    answers = [client.post(SIGN_UP, {**ADA, "email": ""}).status_code for _ in range(21)]

    assert answers[0] == 200
    assert answers[-1] == 429


def test_who_was_let_in_by_the_operator_has_nothing_to_confirm(client):
    UserFactory(email="ada@h.test")

    client.post("/accounts/login/", {"login": "ada@h.test", "password": "a-long-passphrase"})

    assert "_auth_user_id" in client.session
    assert mail.outbox == []


def test_after_signing_up_the_first_page_says_what_to_do(client):
    client.post(SIGN_UP, ADA)
    client.post(link_in(mail.outbox[0]))

    page = words(client.get("/"))

    assert "ask to join" in page
    assert "ada@h.test" in page


def test_an_invitation_fills_in_and_fixes_the_address_and_leads_to_accepting(
    client, location, admin
):
    _invitation, token = invite(
        location=location, email="ada@h.test", kind="member", by=admin, at=now(), name="Ada"
    )
    path = reverse("invitation", args=[token])

    page = words(client.get(f"{SIGN_UP}?next={path}"))
    assert re.search(r'<input[^>]*name="email"[^>]*value="ada@h.test"[^>]*readonly', page)
    refused = client.post(SIGN_UP, {**ADA, "email": "eve@h.test", "next": path})
    assert "This invitation is for ada@h.test." in words(refused)

    response = client.post(SIGN_UP, {**ADA, "next": path})
    assert response.url == path
    assert mail.outbox == []
    client.post(path)
    assert Member.objects.get().user.email == "ada@h.test"


@pytest.mark.parametrize(
    "next_", ["/invitations/x/", "//evil.test/invitations/x/", "\x00", "é" * 99]
)
def test_a_made_up_way_back_opens_nothing(client, next_):
    assert client.get(SIGN_UP, {"next": next_}).status_code == 200
    client.post(SIGN_UP, {**ADA, "next": next_})

    assert "_auth_user_id" not in client.session
    assert not EmailAddress.objects.filter(verified=True).exists()
