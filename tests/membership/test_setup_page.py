import pytest
from django.urls import reverse

from community.models import Location, User
from membership.services.founding import issue_setup_link
from tests.factories import NOON, LocationFactory, UserFactory

ASKED = {
    "admin_name": "Nora Lind",
    "email": "nora@harbour.test",
    "password": "violet harbour 42",
    "name": "Harbour Loft",
    "slug": "Harbour",
    "currency": "EUR",
    "time_zone": "Europe/Berlin",
    "locale": "de",
    "tax_name": "VAT",
    "tax_percent": "20",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def page():
    issue_setup_link(token="the-token", at=NOON)
    return reverse("setup", args=["the-token"])


def words(response):
    return response.content.decode()


def test_the_page_asks_for_the_first_admin_and_location(client, page):
    response = client.get(page)

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    for label in ("Your name", "Password", "Address", "EUR · Euro", "Europe/Berlin", "Tax percent"):
        assert label in words(response)


def test_who_posts_it_is_signed_in_and_lands_on_home(client, page):
    response = client.post(page, ASKED, follow=True)

    assert response.redirect_chain == [("/harbour/", 302)]
    assert response.status_code == 200
    assert "Nora" in words(response)
    assert Location.objects.get().slug == "harbour"


def test_a_used_link_says_so(client, page):
    client.post(page, ASKED)

    for response in (client.get(page), client.post(page, {**ASKED, "slug": "two"})):
        assert response.status_code == 410
        assert "This link was used" in words(response)
    assert Location.objects.count() == 1


def test_an_unknown_link_says_so(client, db):
    response = client.get(reverse("setup", args=["x" * 2000]))

    assert response.status_code == 404
    assert "Each start of Deskmint prints a new one" in words(response)


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("admin_name", "", "required"),
        ("admin_name", "x" * 151, "at most 150"),
        ("email", "nora", "valid email"),
        ("email", "known@h.test", "There is an account with this email address already."),
        ("password", "12345", "too short"),
        ("password", "x" * 5000, "at most 200"),
        ("name", "a\x00b", "Null characters"),
        ("slug", "Setup", "/setup/ is an address of Deskmint itself."),
        ("slug", "taken", "Another location has the address /taken/."),
        ("slug", "<script>", "valid “slug”"),
        ("currency", "EURO", "not one of the available choices"),
        ("currency", "", "required"),
        ("time_zone", "Mars/Olympus", "not one of the available choices"),
        ("locale", "../..", "not one of the available choices"),
        ("tax_percent", "-1", "greater than or equal to 0"),
        ("tax_percent", "100", "less than or equal to 99.99"),
        ("tax_percent", "1e3", "less than or equal to 99.99"),
        ("tax_percent", "NaN", "Enter a number."),
        ("tax_percent", "19.999", "no more than 2 decimal places"),
        ("tax_name", "", "Name the tax, like VAT."),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_the_link_stays(client, page, field, wrong, said):
    LocationFactory(slug="taken")
    UserFactory(email="known@h.test")

    response = client.post(page, {**ASKED, field: wrong})

    assert response.status_code == 200
    assert said in " ".join(response.context["form"].errors[field])
    assert not User.objects.filter(email="nora@harbour.test").exists()
    assert client.post(page, ASKED).status_code == 302


def test_markup_in_a_name_stays_text(client, page):
    response = client.post(page, {**ASKED, "name": "<img src=x>"}, follow=True)

    assert "<img src=x>" not in words(response)
    assert "&lt;img src=x&gt;" in words(response)
