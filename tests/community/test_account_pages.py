from decimal import Decimal

import pytest
import structlog
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import reverse

from community.adapter import AccountAdapter
from community.principals import Principal
from credits.services.giving import give_credits
from tests.factories import NOON, RoleFactory, UserFactory


@pytest.fixture
def person(client):
    user = UserFactory(name="Mia Holm")
    client.force_login(user)
    client.user = user
    return client


@pytest.mark.django_db
def test_a_person_changes_how_they_are_called_and_read(person):
    answer = person.post(
        reverse("account_profile"), {"name": "Mia H.", "language": "", "time_format": "12"}
    )

    person.user.refresh_from_db()
    assert answer.status_code == 302
    assert (person.user.name, person.user.time_format) == ("Mia H.", "12")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 151}, "at most 150 characters"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
        ({"language": "xx"}, "Select a valid choice."),
        ({"time_format": "36"}, "Select a valid choice."),
    ],
)
def test_a_wrong_profile_is_said_at_its_field_and_changes_nothing(person, values, words):
    data = {"name": "Other", "language": "", "time_format": "", **values}

    page = person.post(reverse("account_profile"), data).content.decode()

    person.user.refresh_from_db()
    assert words in page
    assert person.user.name == "Mia Holm"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["account_profile", "account_email", "account_change_password", "mfa_index"],
)
def test_each_account_page_opens(person, name):
    assert person.get(reverse(name)).status_code == 200


def test_times_are_written_as_the_reader_has_chosen(client, mia):
    give_credits(
        customer=mia.customer,
        credits=Decimal(5),
        reason="Welcome",
        lapses_at=None,
        by=mia.user,
        principal=Principal(user_id=0, location_id=mia.location_id, role="admin"),
        key="1",
        at=NOON,
    )
    mia.user.time_format = "12"
    mia.user.save()
    client.force_login(mia.user)

    page = client.get(reverse("notifications:list", args=[mia.location.slug]))

    assert "1:00 p.m." in page.content.decode()


@pytest.mark.django_db
def test_a_location_may_ask_its_team_for_a_second_factor(client):
    role = RoleFactory(location__require_second_factor=True)
    client.force_login(role.user)
    home = reverse("community:home", args=[role.location.slug])

    assert "A second factor is needed" in client.get(home).content.decode()

    Authenticator.objects.create(user=role.user, type=Authenticator.Type.TOTP, data={})
    assert client.get(home).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["", "-1", "nowhere", "//evil.test/", "https://evil.test/"])
def test_a_choice_of_theme_leads_nowhere_strange(person, address):
    answer = person.post(reverse("account_theme"), {"theme": "dark", "next": address})

    assert answer.status_code == 302
    assert "evil" not in answer["Location"]


@pytest.mark.django_db
def test_an_address_that_became_somebody_else_s_is_not_made_the_main_one(person):
    for email, primary in ((person.user.email, True), ("b@h.test", False)):
        EmailAddress.objects.create(user=person.user, email=email, primary=primary, verified=True)
    UserFactory(email="b@h.test")  # imported since

    answer = person.post(
        reverse("account_email"), {"email": "b@h.test", "action_primary": ""}, follow=True
    )

    before = person.user.email
    person.user.refresh_from_db()
    assert person.user.email == before
    assert "belongs to another account" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "others", "is_shown"),
    [("", [], True), ("", ["second@h.test"], False), ("known-before", [], False)],
)
def test_a_first_password_chosen_by_mail_shows_whose_the_only_address_is(
    password, others, is_shown
):
    user = UserFactory(email="first@h.test")
    user.set_password(password or None)
    for email in (user.email, *others):
        EmailAddress.objects.create(user=user, email=email, primary=email == user.email)

    AccountAdapter().set_password(user, "a-long-passphrase")

    assert EmailAddress.objects.filter(user=user, verified=True).exists() == is_shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "claimed", "address"),
    [
        (0, "198.51.100.9", "127.0.0.1"),
        (1, "203.0.113.66, 198.51.100.9", "198.51.100.9"),
        (2, "203.0.113.66, 198.51.100.9, 192.0.2.1", "198.51.100.9"),
        (1, None, "127.0.0.1"),
    ],
)
def test_a_session_and_the_log_name_the_address_that_our_own_proxies_saw(
    client, settings, monkeypatch, proxies, claimed, address
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    logged = []
    monkeypatch.setattr(structlog.contextvars, "bind_contextvars", lambda **it: logged.append(it))
    headers = {"x-forwarded-for": claimed} if claimed else {}
    user = UserFactory()

    client.post(
        reverse("account_login"),
        {"login": user.email, "password": "a-long-passphrase"},
        headers=headers,
    )

    assert [it.ip for it in UserSession.objects.all()] == [address]
    assert {it["ip"] for it in logged if "ip" in it} == {address}


@pytest.mark.django_db
def test_guesses_are_counted_by_the_address_behind_the_proxy(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    sign_up = reverse("account_signup")

    def ask(address):
        return client.post(sign_up, headers={"x-forwarded-for": address}).status_code

    answers = [ask("198.51.100.9") for _ in range(21)]

    assert answers[-1] == 429
    assert ask("198.51.100.10") == 200
    assert ask("198.51.100.10, 198.51.100.9") == 429  # what a client claims itself is not heard


@pytest.mark.django_db
def test_a_request_past_a_proxy_is_refused(client, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    answer = client.get(reverse("account_login"), headers={"x-forwarded-for": "198.51.100.9"})

    assert answer.status_code == 400


@pytest.mark.django_db
def test_a_request_without_an_address_is_answered_and_logged(client):
    assert client.get(reverse("account_login"), REMOTE_ADDR="").status_code == 200
