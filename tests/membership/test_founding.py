import hashlib
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import get_resolver
from django_scopes import scope

from community.models import AuditRecord, Location, Role, SetupLink, User
from community.services.locations import RESERVED_SLUGS
from membership.services.founding import (
    EmailKnown,
    NewPerson,
    NewPlace,
    SetupLinkUnknown,
    SetupLinkUsed,
    awaits_founding,
    check_setup_link,
    found_installation,
    issue_setup_link,
)
from tests.factories import NOON, LocationFactory, RoleFactory, UserFactory
from tests.racing import errors, race

TOKEN = "a-token-of-the-launcher"
PLACE = NewPlace(
    name="Harbour Loft",
    slug="harbour",
    currency="EUR",
    time_zone="Europe/Berlin",
    locale="de-AT",
    tax_name="VAT",
    tax_percent=Decimal(20),
)
NORA = NewPerson(name="Nora Lind", email="Nora@Harbour.Test", password="violet harbour 42")

pytestmark = pytest.mark.django_db


@pytest.fixture
def link():
    issue_setup_link(token=TOKEN, at=NOON)


def found(*, token=TOKEN, person=NORA, **place):
    asked = {**PLACE.__dict__, **place}
    return found_installation(token=token, person=person, place=NewPlace(**asked), at=NOON)


def test_the_link_makes_the_first_admin_and_their_location(link):
    location = found()

    nora = User.objects.get()
    assert (nora.email, nora.name) == ("nora@harbour.test", "Nora Lind")
    assert nora.check_password("violet harbour 42")
    assert not nora.is_superuser
    assert Role.objects.get().kind == Role.Kind.ADMIN
    assert (location.currency, location.locale, location.tax_percent) == ("EUR", "de-AT", 20)
    with scope(location=location):
        told = AuditRecord.objects.order_by("pk").values_list("action", "user__name")
    assert list(told) == [("location opened", "Nora Lind"), ("admin added", "Nora Lind")]
    assert not awaits_founding()


def test_only_a_hash_of_the_token_is_kept(link):
    kept = SetupLink.objects.get()

    assert kept.token_hash == hashlib.sha256(TOKEN.encode()).hexdigest()


def test_a_newer_link_ends_the_earlier_ones(link):
    issue_setup_link(token="newer", at=NOON)

    with pytest.raises(SetupLinkUnknown):
        found()
    assert found(token="newer").slug == "harbour"


def test_a_link_works_once(link):
    found()

    with pytest.raises(SetupLinkUsed):
        found(slug="other", person=NewPerson("Else", "else@h.test", "violet harbour 42"))
    assert Location.objects.count() == 1


def test_a_link_is_void_when_an_operator_was_quicker(link):
    RoleFactory()

    with pytest.raises(SetupLinkUsed):
        check_setup_link(token=TOKEN)
    with pytest.raises(SetupLinkUsed):
        found()


def test_a_made_up_link_opens_nothing(link):
    with pytest.raises(SetupLinkUnknown):
        check_setup_link(token="guessed")


def test_an_account_that_exists_is_not_handed_over(link):
    UserFactory(email="nora@harbour.test")

    with pytest.raises(EmailKnown) as refusal:
        found()

    assert "email" in refusal.value.message_dict
    assert not Location.objects.exists()
    assert SetupLink.objects.get().used_at is None


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"slug": "setup"}, "slug", "/setup/ is an address of Deskmint itself."),
        ({"slug": "loft 1"}, "slug", "valid “slug”"),
        ({"slug": ""}, "slug", "blank"),
        ({"slug": "taken"}, "slug", "Another location has the address /taken/."),
        ({"currency": "XYQ"}, "currency", "XYQ is no currency of ISO 4217"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "Mars/Olympus is no time zone"),
        ({"locale": "xx-YY"}, "locale", "xx-YY is no locale"),
        ({"locale": "../../etc/passwd"}, "locale", "is no locale"),
        ({"tax_percent": Decimal(100)}, "__all__", "location_tax_is_a_percentage"),
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 101}, "name", "at most 100"),
    ],
)
def test_a_wrong_location_is_refused_at_its_field_and_nothing_is_kept(link, wrong, field, words):
    LocationFactory(slug="taken")

    with pytest.raises(ValidationError) as refusal:
        found(**wrong)

    assert words in " ".join(refusal.value.message_dict[field])
    assert not User.objects.exists()
    assert SetupLink.objects.get().used_at is None


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "too short"),
        ("12345678901", "entirely numeric"),
        ("password", "too common"),
        ("nora@harbour.test", "too similar"),
    ],
)
def test_a_weak_password_is_refused_at_its_field(link, password, words):
    with pytest.raises(ValidationError) as refusal:
        found(person=NewPerson("Nora Lind", "nora@harbour.test", password))

    assert words in " ".join(refusal.value.message_dict["password"])
    assert not User.objects.exists()


def test_every_first_part_of_an_address_is_reserved():
    served = {str(route.pattern).split("/")[0] for route in get_resolver().url_patterns}

    assert {part for part in served if part and "<" not in part} <= RESERVED_SLUGS
    assert {"livez", "readyz", "static"} <= RESERVED_SLUGS


@pytest.mark.django_db(transaction=True)
def test_of_two_founders_at_once_one_wins_and_the_other_is_told():
    issue_setup_link(token=TOKEN, at=NOON)

    def founder(number):
        person = NewPerson(f"Founder {number}", f"f{number}@h.test", "violet harbour 42")
        return lambda: found(person=person, slug=f"loft-{number}")

    answers = race(None, [founder(1), founder(2)])

    assert [type(error) for error in errors(answers)] == [SetupLinkUsed]
    assert Location.objects.count() == User.objects.count() == Role.objects.count() == 1
