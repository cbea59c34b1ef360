from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope

from community.models import Location, Role, SetupLink, User
from credits.models import CreditOption
from payments.gateways.protocol import GatewayUnavailable
from payments.models import GatewayConnection
from stack.stripe_standin.keys import SHAPE
from tests.factories import LocationFactory, RoleFactory

pytestmark = pytest.mark.django_db


def run(*arguments):
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def create(*more, name="Harbour Loft", admin="Nora Lind <nora@h.test>", currency="EUR"):
    asked = ["--currency", currency, "--admin", admin, "--time-zone", "Europe/Berlin"]
    return run("create_location", name, *asked, *more)


def test_a_link_is_printed_while_nobody_runs_a_location(client):
    printed = run("setup_link", "--print-if-needed").strip()

    assert client.get(urlsplit(printed).path).status_code == 200
    assert printed != run("setup_link", "--print-if-needed").strip()
    assert client.get(urlsplit(printed).path).status_code == 404
    assert SetupLink.objects.count() == 1


def test_no_link_is_printed_once_there_is_an_admin():
    RoleFactory()

    assert run("setup_link", "--print-if-needed") == ""
    assert "There is an admin already" in run("setup_link")
    assert not SetupLink.objects.exists()


def test_create_location_does_what_the_page_does():
    printed = create("--password", "violet harbour 42", "--tax", "VAT 20", "--locale", "de")

    location = Location.objects.get()
    assert "/harbour-loft/" in printed
    assert (location.tax_name, location.tax_percent, location.locale) == ("VAT", 20, "de")
    assert User.objects.get().check_password("violet harbour 42")
    assert Role.objects.get().kind == Role.Kind.ADMIN


def test_create_location_brings_people_and_options():
    create("--staff", "sam@h.test", "--member", "mia@h.test", "--option", "10:10.00:12")

    location = Location.objects.get()
    with scope(location=location):
        assert CreditOption.objects.get().expiry_months == 12
        assert location.members.get().user.email == "mia@h.test"
    assert set(Role.objects.values_list("user__email", "kind")) == {
        ("nora@h.test", "admin"),
        ("sam@h.test", "staff"),
    }


def test_a_further_location_keeps_its_admins_account():
    create("--password", "violet harbour 42")
    create("--password", "another harbour 43", name="Second")

    assert User.objects.get().check_password("violet harbour 42")
    assert Role.objects.count() == 2


@pytest.mark.parametrize("given", ["environment", "input"])
def test_a_password_need_not_be_typed_on_the_command_line(monkeypatch, given):
    if given == "environment":
        monkeypatch.setenv("ADMIN_PASSWORD", "violet harbour 42")
        create()
    else:
        monkeypatch.setattr("sys.stdin", StringIO("violet harbour 42\n"))
        create("--password", "-")

    assert User.objects.get().check_password("violet harbour 42")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--slug", "taken"], "Another location has the address /taken/"),
        (["--slug", "admin"], "/admin/ is an address of Deskmint itself"),
        (["--slug", "a b"], "slug: "),
        (["--password", "1234"], "password: "),
        (["--time-zone", "Mars/Olympus"], "no time zone"),
        (["--tax", "20"], "The tax needs a name"),
        (["--tax", "VAT"], "Write the tax as its name and percent"),
        (["--tax", "VAT much"], "Write the tax as its name and percent"),
        (["--tax", "VAT 100"], "from 0 to below 100"),
        (["--locale", "klingon"], "no locale"),
        (["--member", "nobody"], "holds no email address"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_made(more, said):
    LocationFactory(slug="taken")

    with pytest.raises(CommandError, match=said):
        create(*more)

    assert Location.objects.count() == 1
    assert not User.objects.exists()


def test_an_unknown_currency_is_refused():
    with pytest.raises(CommandError, match="EURO is no currency"):
        create(currency="EURO")


def test_connect_standin_connects_the_locations_own_account(location, fake_gateway, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    printed = run("connect_standin", location.slug)

    connection = GatewayConnection.objects.get()
    assert connection.api_base == f"/accounts/{location.slug}"
    for made, kind in ((connection.publishable_key, "pk"), (connection.secret_key, "rk")):
        assert SHAPE.fullmatch(made)[1] == kind
    assert "takes cards through the Stripe stand-in" in printed
    with pytest.raises(CommandError, match="connected already"):
        run("connect_standin", location.slug)


def test_connect_standin_never_gives_demo_keys_to_stripe(location, settings):
    settings.STRIPE_API_BASE = "https://api.stripe.com"

    with pytest.raises(CommandError, match="no stand-in here"):
        run("connect_standin", location.slug)


def test_connect_standin_says_when_nobody_answers(location, fake_gateway, monkeypatch, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    def silence():
        raise GatewayUnavailable("no answer")

    monkeypatch.setattr(fake_gateway, "read_account", silence)

    with pytest.raises(CommandError, match="did not take it: no answer"):
        run("connect_standin", location.slug)
    with pytest.raises(CommandError, match="No location has the address"):
        run("connect_standin", "nowhere")
