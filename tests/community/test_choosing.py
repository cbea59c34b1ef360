import pytest
from django.urls import reverse

from tests.factories import MemberFactory, UserFactory


def words(response):
    return response.content.decode()


def test_a_user_with_one_location_lands_there(location, mia, signed_in):
    response = signed_in(mia.user).get("/")

    assert response.url == reverse("community:home", args=[location.slug])


def test_a_user_with_several_locations_chooses(location, mia, signed_in):
    second = MemberFactory(user=mia.user).location

    response = signed_in(mia.user).get("/")

    assert response.status_code == 200
    assert f'href="/{location.slug}/"' in words(response)
    assert f'href="/{second.slug}/"' in words(response)


def test_a_user_without_a_location_is_told(db, outsider, signed_in):
    assert "No location yet" in words(signed_in(outsider).get("/"))


def test_a_person_who_left_is_led_to_what_stays_theirs_and_no_further(location, mia, signed_in):
    mia.state = "left"
    mia.save()

    page = words(signed_in(mia.user).get("/"))

    assert "You aren't a member anywhere now." in page.replace("&#x27;", "'")
    assert f"/{location.slug}/former/" in page
    assert f'href="/{location.slug}/"' not in page


def test_nobody_chooses_before_signing_in(client, db):
    assert client.get("/").url.startswith(reverse("account_login"))


def test_a_chosen_theme_is_kept(mia, signed_in):
    response = signed_in(mia.user).post(
        reverse("account_theme"), {"theme": "dark", "next": "/somewhere/?a=1"}
    )

    mia.user.refresh_from_db()
    assert mia.user.theme == "dark"
    assert response.url == "/somewhere/?a=1"


@pytest.mark.parametrize(
    "address", ["https://evil.test/", "//evil.test", "javascript:alert(1)", "", "/\\evil.test"]
)
def test_a_theme_never_leads_off_the_site(mia, signed_in, address):
    response = signed_in(mia.user).post(
        reverse("account_theme"), {"theme": "light", "next": address}
    )

    assert response.url == "/"


def test_a_theme_that_does_not_exist_changes_nothing(mia, signed_in):
    signed_in(mia.user).post(reverse("account_theme"), {"theme": "pink"})

    mia.user.refresh_from_db()
    assert mia.user.theme == "system"


def test_a_theme_is_not_chosen_by_a_link(db, signed_in):
    assert signed_in(UserFactory()).get(reverse("account_theme")).status_code == 405
