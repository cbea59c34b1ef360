from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
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
